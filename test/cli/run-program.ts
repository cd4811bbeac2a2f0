import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processBundle } from '../faults/daemon-bundle.js';
import { Program, temporaryFolder } from './harness.js';

/** The printers of the configuration that `installed` writes. */
export const PRINTER =
  'printers:\n  - { serial: 01P00A000000001, host: 127.0.9.1, accessCode: canary42, trust: insecure }\n';

/** A configuration with its data folder, nothing in it. */
export async function installed(): Promise<{ file: string; dataDir: string }> {
  const dir = await temporaryFolder();
  const file = join(dir, 'printfarmd.yaml');
  await writeFile(file, PRINTER, { mode: 0o600 });
  await mkdir(join(dir, 'data'));
  return { file, dataDir: join(dir, 'data') };
}

/** The program of `farm-program.ts`, whose first word says how its daemon behaves. */
export const FARM_PROGRAM = await processBundle(join(import.meta.dirname, 'farm-program.ts'));

/** `run` with a daemon that behaves so. */
export function program(behaviour: string, file: string): Program {
  return new Program(FARM_PROGRAM, [behaviour, 'run', '--config', file], {
    PRINTFARMD_LOG_LEVEL: 'debug',
  });
}

/** Whether a line of the log says this. */
export const says = (message: string) => (line: string) => line.includes(`"msg":"${message}`);
