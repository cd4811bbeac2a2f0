import type { DriverError } from '../driver.js';
import type { SessionTiming } from './timing.js';

/** How a connection ended. */
export interface Ending {
  readonly error: DriverError;
  /** The printer's identity had been proved: somebody was there. */
  readonly answered: boolean;
  /** Milliseconds the connection was open; 0 when it never was. */
  readonly openMs: number;
}

const CROWDED_AFTER = 3;
const LONGEST_DOUBLING = 16;
/** Announcements come every five seconds or so (docs/protocol.md §2). */
const HINT_AGAIN_MS = 4_000;
const LONGEST_HINT_DOUBLING = 4;

/** Time until the next attempt: doubled each time, with jitter so that a farm does not knock all at once. */
export class BackOff {
  readonly #timing: SessionTiming;
  readonly #random: () => number;
  #failures = 0;
  #cutShort = 0;
  #unanswered = true;
  #hints = 0;
  #hintNotBefore = 0;

  constructor(timing: SessionTiming, random: () => number) {
    this.#timing = timing;
    this.#random = random;
  }

  /** The printer lets us in and soon throws us out, time and again: it may have too many clients. */
  get crowded(): boolean {
    return this.#cutShort >= CROWDED_AFTER;
  }

  note(ending: Ending): void {
    const settled = ending.openMs >= this.#timing.settledMs;
    this.#failures = settled ? 1 : Math.min(this.#failures + 1, LONGEST_DOUBLING);
    const cutShort = ending.answered && !settled && ending.error.kind === 'unreachable';
    this.#cutShort = cutShort ? this.#cutShort + 1 : 0;
    this.#unanswered = !ending.answered || settled;
    if (ending.openMs > 0) this.#hints = 0;
  }

  /**
   * A printer that had gone shows a sign of life: whether that is worth an attempt before its time. Signs can be made by
   * anybody, so that those in vain are heeded less and less often.
   * @param now milliseconds that never jump
   */
  heeds(now: number): boolean {
    if (!this.#unanswered || now < this.#hintNotBefore) return false;
    this.#hintNotBefore = now + HINT_AGAIN_MS * 2 ** this.#hints;
    this.#hints = Math.min(this.#hints + 1, LONGEST_HINT_DOUBLING);
    return true;
  }

  reset(): void {
    this.#failures = 0;
    this.#cutShort = 0;
    this.#hints = 0;
  }

  /** Milliseconds to wait now. */
  delayMs(refused: boolean): number {
    const { backOffFirstMs, backOffLastMs, crowdedBackOffMs, refusedRetryMs } = this.#timing;
    if (refused) return refusedRetryMs * (1 + this.#random() / 4);
    const last = this.crowded ? Math.max(crowdedBackOffMs, backOffLastMs) : backOffLastMs;
    const doubled = Math.min(last, backOffFirstMs * 2 ** Math.max(0, this.#failures - 1));
    return doubled * (0.5 + this.#random() / 2);
  }
}
