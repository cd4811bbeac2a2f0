import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** What SQLite says of a whole file: `ok`, or what is wrong with it. */
export type FileCheck = Promise<string>;

/**
 * Plain script, since a thread loads it without whatever translates our modules in development.
 * Its connection only reads: the file is not changed, and nobody is kept from it.
 */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const Database = require('node:module').createRequire(workerData.from)('better-sqlite3');
let found;
try {
  const database = new Database(workerData.file, { readonly: true, fileMustExist: true });
  try {
    found = String(database.pragma('quick_check(1)', { simple: true }));
  } finally {
    database.close();
  }
} catch (error) {
  found = error instanceof Error ? error.message : String(error);
}
parentPort.postMessage(found);
`;

/**
 * Reads a database file from end to end in a thread of its own, so that a start can load the program meanwhile: on a
 * farm with a long past that reading takes as long as half of the program's modules.
 * Never rejects: a thread that fails, or is ended by the signal, says why, as a file does that cannot be read.
 */
export function checkFile(file: string, signal?: AbortSignal): FileCheck {
  if (!existsSync(file)) return Promise.resolve('ok');
  return new Promise((resolve) => {
    const thread = new Worker(SCRIPT, { eval: true, workerData: { file, from: import.meta.url } });
    thread.once('message', (found) => resolve(z.string().parse(found)));
    thread.once('error', (error) => resolve(error instanceof Error ? error.message : String(error)));
    const end = () => void thread.terminate();
    signal?.addEventListener('abort', end, { once: true });
    thread.once('exit', (code) => {
      signal?.removeEventListener('abort', end);
      resolve(`the check ended with code ${code}`);
    });
  });
}
