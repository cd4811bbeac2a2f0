import { spawn } from 'node:child_process';
import type { Logger } from 'pino';

/**
 * How a process tells systemd how it fares (sd_notify). Node has no unix datagram sockets, so that systemd's own
 * `systemd-notify` carries each notice; the unit must say `NotifyAccess=all`, since it comes from a child.
 */

/** Longest time one notice may take, milliseconds; `systemd-notify` itself waits until systemd has read it. */
const SEND_MS = 3_000;

export interface Supervision {
  /** Where notices go: a path, or an abstract name with `@` before it. */
  readonly socket: string;
  /** Silence after which systemd ends us, milliseconds; null when it does not watch. */
  readonly watchdogMs: number | null;
}

/**
 * Takes what systemd said out of the environment, so that no child of ours believes to be spoken to; null when nobody
 * supervises us this way.
 */
export function takeSupervision(env: NodeJS.ProcessEnv, pid: number): Supervision | null {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: interval, WATCHDOG_PID: watched } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (socket === undefined || socket === '') return null;
  const microseconds = /^\d{1,15}$/.test(interval ?? '') ? Number(interval) : 0;
  const forUs = watched === undefined || watched === String(pid);
  return { socket, watchdogMs: forUs && microseconds > 0 ? microseconds / 1000 : null };
}

export interface SdNotifyOptions {
  /** Null makes every notice do nothing. */
  readonly supervision: Supervision | null;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
  /** Where `systemd-notify` is looked for; the process's own path when absent. */
  readonly path?: string;
}

/** Notices to systemd, in the order in which they were given. None of them fails: what cannot be told is logged once. */
export class SdNotify {
  readonly #options: SdNotifyOptions;
  #last: Promise<unknown> = Promise.resolve();
  #current: AbortController | null = null;
  #stopping = false;
  #complained = false;

  constructor(options: SdNotifyOptions) {
    this.#options = options;
  }

  /** The daemon serves; `status` is a line for `systemctl status`. */
  ready(status: string): Promise<boolean> {
    return this.#send(['READY=1', `STATUS=${oneLine(status)}`]);
  }

  /** The daemon still makes progress. */
  watchdog(): Promise<boolean> {
    return this.#send(['WATCHDOG=1']);
  }

  /** The daemon begins to stop. Nothing but this is told from here on, and a notice under way is given up. */
  stopping(): Promise<boolean> {
    const told = this.#send(['STOPPING=1', 'STATUS=stopping']);
    this.#stopping = true;
    this.#current?.abort();
    return told;
  }

  /** @returns whether systemd has read the notice */
  #send(notice: readonly string[]): Promise<boolean> {
    const { supervision } = this.#options;
    if (supervision === null || this.#stopping) return Promise.resolve(false);
    const told = this.#last.then(() => this.#carry(supervision.socket, notice));
    this.#last = told;
    return told;
  }

  async #carry(socket: string, notice: readonly string[]): Promise<boolean> {
    const last = notice[0] === 'STOPPING=1';
    if (this.#stopping && !last) return false;
    const current = new AbortController();
    this.#current = current;
    try {
      await this.#run(socket, notice, current.signal);
      return true;
    } catch (error) {
      if (!current.signal.aborted) this.#complain(error);
      return false;
    } finally {
      this.#current = null;
    }
  }

  #run(socket: string, notice: readonly string[], signal: AbortSignal): Promise<void> {
    const PATH = this.#options.path ?? process.env.PATH ?? '/usr/bin:/bin';
    return new Promise((resolve, reject) => {
      const child = spawn('systemd-notify', notice, {
        env: { PATH, NOTIFY_SOCKET: socket },
        stdio: 'ignore',
        signal,
        timeout: SEND_MS,
        killSignal: 'SIGKILL',
      });
      child.once('error', reject);
      child.once('exit', (code, killed) => {
        if (code === 0) resolve();
        else reject(new Error(killed === null ? `exit code ${code}` : `no answer within ${SEND_MS} ms`));
      });
    });
  }

  #complain(error: unknown): void {
    const level = this.#complained ? 'debug' : 'warn';
    this.#complained = true;
    this.#options.log[level](
      { err: error },
      'systemd could not be told how the daemon fares; systemd-notify must be installed, and the unit say NotifyAccess=all',
    );
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
