import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** CommonJS inside the bundle asks for these. */
const NODE_NAMES = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

const FOLDER = join(import.meta.dirname, '../../.tmp');
let made: Promise<string> | null = null;

/** The daemon of `daemon-process.ts` as one file, which starts in a fraction of the time; made once per process. */
export function daemonBundle(): Promise<string> {
  made ??= bundle();
  return made;
}

async function bundle(): Promise<string> {
  // Inside the checkout, so that the native package is found.
  const outfile = join(FOLDER, `daemon-${process.pid}.mjs`);
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, 'daemon-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3'],
    banner: { js: NODE_NAMES },
    logLevel: 'warning',
  });
  process.once('exit', () => rmSync(outfile, { force: true }));
  return outfile;
}
