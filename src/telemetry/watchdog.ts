import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface WatchdogOptions {
  /** Silence that the supervisor bears, milliseconds. It is fed at half of it. */
  readonly intervalMs: number;
  /** Resolves when the daemon has got on since; rejects with the reason why it has not. */
  progress(): Promise<void>;
  /** Tells the supervisor. */
  feed(): Promise<unknown>;
  readonly log: Pick<Logger, 'error' | 'info'>;
}

/**
 * Feeds a supervisor's watchdog with proof alone: a timer that fires only shows that timers fire. Without proof nothing
 * is said, so that the supervisor starts the daemon anew.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #timer: NodeJS.Timeout | null = null;
  #busy = false;
  #starving = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), this.#options.intervalMs / 2);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One look. A look that still waits for its proof is its own answer to the next one. */
  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#proof();
      if (this.#starving) this.#options.log.info('progress again');
      this.#starving = false;
      // Stopped meanwhile: the supervisor has been told, or is being told, something else.
      if (this.#timer) await this.#options.feed();
    } catch (error) {
      if (!this.#starving && this.#timer) {
        this.#options.log.error({ err: error }, 'no progress: the watchdog is not fed');
      }
      this.#starving = true;
    } finally {
      this.#busy = false;
    }
  }

  async #proof(): Promise<void> {
    await turn();
    const { intervalMs, progress } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `the proof of progress did not come within ${intervalMs / 2} ms`;
      timer = setTimeout(() => reject(new Error(message)), intervalMs / 2);
    });
    try {
      await Promise.race([progress(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
