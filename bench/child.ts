/** Processes of a benchmark: subject, baseline and load are always processes of their own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';
import { bundle, PROGRAM } from '../bundle.js';

const ROOT = join(import.meta.dirname, '..');
/** Below the project's folder, so that data lies on a real file system and packages are found. */
export const WORK_DIR = join(ROOT, '.tmp', 'bench');
const PROGRAM_DIR = join(WORK_DIR, 'program');
const STOP_MS = 15_000;
const ASK_MS = 60_000;

const run = promisify(execFile);

/** Builds the program with the benchmarks' own processes, so that a probe meets the modules that the daemon uses. */
export async function buildPrograms(): Promise<void> {
  const children = await readdir(join(ROOT, 'bench', 'child'));
  await bundle([PROGRAM, ...children.map((file) => `bench/child/${file}`)], PROGRAM_DIR);
}

/** A built file by its place in the project, such as `src/cli/main.js`. */
export function built(file: string): string {
  return join(PROGRAM_DIR, file);
}

export const CLI = built('src/cli/main.js');

/** Runs a command to its end. @returns its standard output */
export async function output(args: readonly string[]): Promise<string> {
  return (await run(process.execPath, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 })).stdout;
}

export interface ChildOptions {
  /** For messages, such as `daemon`. */
  readonly name: string;
  /** Options of node, the script and its arguments. */
  readonly args: readonly string[];
  /** Where what it says goes. */
  readonly logFile: string;
  /** Gets standard output line by line, in place of the log. */
  readonly onLine?: (line: string) => void;
}

const answer = z.object({ id: z.int(), value: z.unknown(), error: z.string().optional() });

/** A process that answers questions over its IPC channel (`child/asks.ts`). */
export class Child {
  readonly name: string;
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #logFile: string;
  readonly #waiting = new Map<number, (found: z.infer<typeof answer>) => void>();
  #asked = 0;

  constructor({ name, args, logFile, onLine }: ChildOptions) {
    this.name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, 'a', 0o600);
    this.#process = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', onLine ? 'pipe' : log, log, 'ipc'],
    });
    closeSync(log);
    if (onLine && this.#process.stdout) createInterface({ input: this.#process.stdout }).on('line', onLine);
    this.#process.on('message', (message) => {
      const found = answer.parse(message);
      this.#waiting.get(found.id)?.(found);
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('error', () => resolve(null));
      this.#process.once('exit', (code) => resolve(code));
    });
  }

  /** @throws Error when the process could not be started */
  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} could not be started`);
    return this.#process.pid;
  }

  /** @throws Error when the process answers with one, ends, or says nothing in time */
  async ask<T>(schema: z.ZodType<T>, question: string, body: unknown = null, ms = ASK_MS): Promise<T> {
    const id = ++this.#asked;
    const asked = new Promise<z.infer<typeof answer>>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.send({ id, question, body });
    });
    try {
      const found = await this.within(asked, ms, question);
      if (found.error !== undefined) throw new Error(`${this.name}, asked for ${question}: ${found.error}`);
      return schema.parse(found.value);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Waits for something that this process brings about. @throws Error when it ends first, or time is up */
  async within<T>(result: Promise<T>, ms: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new Error(`${this.name} did not come to "${what}" within ${ms / 1000} s; see ${this.#logFile}`),
          ),
        ms,
      );
    });
    const gone = this.ended.then((code) => {
      throw new Error(`${this.name} ended (${code ?? 'not started'}); see ${this.#logFile}`);
    });
    try {
      return await Promise.race([result, late, gone]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
