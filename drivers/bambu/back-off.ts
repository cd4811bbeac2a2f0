import type { DriverError } from '../driver.js';
import { CLOSED_IN_HANDSHAKE } from './secure-socket.js';
import type { SessionTiming } from './timing.js';

/** How a connection ended. */
export interface Ending {
  readonly error: DriverError;
  /** The printer's identity had been proved: somebody was there. */
  readonly answered: boolean;
  /** Anything came from the printer while the connection was open. */
  readonly heard: boolean;
  /** Milliseconds the connection was open; 0 when it never was. */
  readonly openMs: number;
}

/** Endings that a full table of clients explains. */
const OUT_OF_ROOM: ReadonlySet<string> = new Set(['unreachable', 'timeout']);
/** Codes of a connection that was taken and cut before either side proved anything. */
const CUT: ReadonlySet<string | null> = new Set(['ECONNRESET', 'EPIPE', CLOSED_IN_HANDSHAKE]);
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
  #cutInHandshake = 0;
  #firstCutAt = 0;

  constructor(timing: SessionTiming, random: () => number) {
    this.#timing = timing;
    this.#random = random;
  }

  /**
   * It may have too many clients: it lets us in and soon throws us out or never says a word, time and again. One that
   * cuts every connection before it is secure may as well be starting, which takes a minute or so.
   */
  get crowded(): boolean {
    if (this.#cutShort >= CROWDED_AFTER) return true;
    return (
      this.#cutInHandshake >= CROWDED_AFTER && performance.now() - this.#firstCutAt >= this.#timing.startUpMs
    );
  }

  note(ending: Ending): void {
    const settled = ending.heard && ending.openMs >= this.#timing.settledMs;
    this.#failures = settled ? 1 : Math.min(this.#failures + 1, LONGEST_DOUBLING);
    const cutShort = ending.answered && !settled && OUT_OF_ROOM.has(ending.error.kind);
    this.#cutShort = cutShort ? this.#cutShort + 1 : 0;
    const cut = !ending.answered && CUT.has(ending.error.code);
    if (cut && this.#cutInHandshake === 0) this.#firstCutAt = performance.now();
    this.#cutInHandshake = cut ? this.#cutInHandshake + 1 : 0;
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
    this.#cutInHandshake = 0;
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
