import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from './within.js';

export interface Order {
  readonly dataDir: string;
  readonly emulatorCa: string;
  readonly dieAt: number | null;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A program that has to load on a busy computer. */
const START_MS = 90_000;
/** The daemon promises to stop within seconds; the rest is for a busy computer. */
const STOP_MS = 30_000;

/** One process of the daemon: loads, waits for its order, serves, ends. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** Resolves when the process has ended, however. */
  readonly exited: Promise<Exit>;
  exit: Exit | null = null;

  constructor(logFile: string) {
    const own = extname(import.meta.filename);
    const loader = own === '.ts' ? ['--import', 'tsx'] : [];
    const log = openSync(logFile, 'a');
    this.#child = spawn(
      process.execPath,
      [...loader, '--enable-source-maps', join(import.meta.dirname, `daemon-process${own}`)],
      { stdio: ['pipe', 'pipe', log] },
    );
    closeSync(log);
    const { stdin, stdout } = this.#child;
    if (!stdin || !stdout) throw new Error('The process has no pipes');
    // A process that was killed takes no order any more; that it has ended is told by its exit.
    stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.exited = once(this.#child, 'exit').then(([code, signal]: (number | string | null)[]) => {
      this.exit = {
        code: typeof code === 'number' ? code : null,
        signal: typeof signal === 'string' ? signal : null,
      };
      return this.exit;
    });
  }

  /** Gives the order. @returns the daemon's address, null when it ended before it was ready */
  async boot(order: Order): Promise<string | null> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await within(
      START_MS,
      'the daemon to be ready',
      Promise.race([this.#lines.next(), this.exited.then(() => null)]),
    );
    if (line === null || line.done === true) {
      await this.exited;
      return null;
    }
    return /^READY (\S+)$/.exec(line.value)?.[1] ?? null;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await within(STOP_MS, 'a killed process to end', this.exited);
  }

  /** @throws Error when it does not end in time */
  async terminate(): Promise<Exit> {
    this.#child.kill('SIGTERM');
    return within(STOP_MS, 'the daemon to stop', this.exited);
  }
}
