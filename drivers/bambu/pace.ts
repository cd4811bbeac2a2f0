import { DriverError } from '../driver.js';

export interface Rate {
  /** Milliseconds from one to the next in the long run. */
  readonly everyMs: number;
  /** So many may come at once after a quiet time. */
  readonly burst: number;
}

/**
 * At most 17 in any second: printers that all come back at once make no storm (docs/protocol.md §4.1). On a machine
 * that is short of time some are late and so closer to those behind them: what is allowed is a few less than twenty.
 */
export const CONNECT_RATE: Rate = { everyMs: 70, burst: 3 };

/** Lets callers through at a steady rate, in the order of asking. */
export class Pace {
  readonly #rate: Rate;
  readonly #waiting: (() => void)[] = [];
  /** When the next would be due if nothing had ever been ahead of its time; `performance.now` milliseconds. */
  #dueAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Resolves when it is the caller's turn. @throws DriverError `aborted` */
  turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(notWanted());
        return;
      }
      const pass = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(pass), 1);
        reject(notWanted());
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(pass);
      this.#letThrough();
    });
  }

  #letThrough(): void {
    if (this.#timer !== null) return;
    const { everyMs, burst } = this.#rate;
    while (this.#waiting.length > 0) {
      const now = performance.now();
      const earlyMs = this.#dueAt - (burst - 1) * everyMs - now;
      if (earlyMs > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = null;
          this.#letThrough();
        }, Math.ceil(earlyMs));
        return;
      }
      this.#dueAt = Math.max(this.#dueAt, now) + everyMs;
      this.#waiting.shift()?.();
    }
  }
}

function notWanted(): DriverError {
  return new DriverError('aborted', 'The connection was not wanted any more.');
}
