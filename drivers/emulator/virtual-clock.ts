/**
 * Time as the emulated printers live it: `speed` virtual seconds pass per real second.
 *
 * The speed may change at any moment; timers already set keep their virtual due time.
 */
export interface ClockTimer {
  cancel(): void;
}

interface Pending {
  readonly dueMs: number;
  readonly run: () => void;
  handle: NodeJS.Timeout | undefined;
}

/** Longest delay Node's timers take. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export class VirtualClock {
  #speed: number;
  #anchorRealMs = performance.now();
  #anchorVirtualMs = 0;
  readonly #pending = new Set<Pending>();

  constructor(speed: number) {
    this.#speed = checkedSpeed(speed);
  }

  get speed(): number {
    return this.#speed;
  }

  /** Virtual milliseconds since the clock was made. */
  now(): number {
    return this.#anchorVirtualMs + (performance.now() - this.#anchorRealMs) * this.#speed;
  }

  setSpeed(speed: number): void {
    const next = checkedSpeed(speed);
    this.#anchorVirtualMs = this.now();
    this.#anchorRealMs = performance.now();
    this.#speed = next;
    for (const pending of this.#pending) this.#arm(pending);
  }

  /** Runs once after so many virtual milliseconds, never before the current turn ends. */
  after(virtualMs: number, run: () => void): ClockTimer {
    const pending: Pending = { dueMs: this.now() + Math.max(0, virtualMs), run, handle: undefined };
    this.#pending.add(pending);
    this.#arm(pending);
    return {
      cancel: () => {
        clearTimeout(pending.handle);
        this.#pending.delete(pending);
      },
    };
  }

  /** Resolves after so many virtual milliseconds, or when the signal aborts. */
  sleep(virtualMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const finish = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = this.after(virtualMs, finish);
      signal.addEventListener('abort', finish);
    });
  }

  /** Cancels every timer; waits in `sleep` end only by their signal. */
  stop(): void {
    for (const pending of this.#pending) clearTimeout(pending.handle);
    this.#pending.clear();
  }

  #arm(pending: Pending): void {
    clearTimeout(pending.handle);
    const realMs = Math.max(0, Math.ceil((pending.dueMs - this.now()) / this.#speed));
    pending.handle = setTimeout(() => this.#fire(pending), Math.min(realMs, MAX_DELAY_MS));
  }

  #fire(pending: Pending): void {
    // Node rounds delays down to whole milliseconds: a timer may come a fraction early.
    if (this.now() < pending.dueMs) {
      this.#arm(pending);
      return;
    }
    this.#pending.delete(pending);
    pending.run();
  }
}

function checkedSpeed(speed: number): number {
  if (!Number.isFinite(speed) || speed <= 0 || speed > 1_000_000) {
    throw new RangeError(
      `speed must be above 0 and at most 1000000 virtual seconds per second, got ${speed}`,
    );
  }
  return speed;
}
