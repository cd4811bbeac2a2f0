import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** CommonJS inside the bundle asks for these. */
const NODE_NAMES = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

const FOLDER = join(import.meta.dirname, '../../.tmp');
const made = new Map<string, Promise<string>>();

/** The daemon of `daemon-process.ts` as one file, which starts in a fraction of the time; made once per process. */
export function daemonBundle(): Promise<string> {
  return processBundle(join(import.meta.dirname, 'daemon-process.ts'));
}

/** A program as one file; made once per process. */
export function processBundle(entry: string): Promise<string> {
  const known = made.get(entry) ?? bundle(entry);
  made.set(entry, known);
  return known;
}

async function bundle(entry: string): Promise<string> {
  // Inside the checkout, so that the native package is found.
  const outfile = join(FOLDER, `${basename(entry, '.ts')}-${process.pid}.mjs`);
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: [entry],
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
