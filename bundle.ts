/**
 * Puts the program together for `npm run build`: our modules in a few files instead of hundreds, of which each would cost
 * a start about a millisecond, and more on a card. What is imported late stays a file of its own, and packages stay where
 * npm puts them. Types are the type checker's business; stack traces name our functions still.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Metafile } from 'esbuild';

const ROOT = import.meta.dirname;
/** What npm starts as `printfarmd`. */
export const PROGRAM = 'src/cli/main.ts';

/**
 * Bundles entry points, which share what they have in common: the same module is the same in each. They lie in `folder`
 * as they do in the project; what lay there before is gone.
 *
 * @returns which file imports what
 */
export async function bundle(entryPoints: readonly string[], folder: string): Promise<Metafile> {
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    outdir: folder,
    outbase: ROOT,
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await bundle([PROGRAM], join(ROOT, 'dist'));
