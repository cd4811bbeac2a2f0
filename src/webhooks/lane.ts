import type { NoticeOutcome } from '../domain/notice-outcomes.js';
import type { Attempt } from './attempt.js';
import type { Outbox, WaitingNotice } from './outbox.js';

export interface LaneTiming {
  /** Waits before the second, third … attempt, milliseconds; one more attempt than there are waits. */
  readonly retryDelaysMs: readonly number[];
  /** How much of a wait is left to chance, 0 to 1. */
  readonly jitter: number;
}

export const LANE_TIMING: LaneTiming = { retryDelaysMs: [10_000, 60_000], jitter: 0.2 };

export interface LaneOptions {
  readonly outbox: Outbox;
  readonly send: (notice: WaitingNotice, signal: AbortSignal) => Promise<Attempt | null>;
  readonly timing: LaneTiming;
  /** Resolves after so many milliseconds, or at once when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of each notice once what came of it is on disk. */
  readonly onSettled: (outcomes: readonly NoticeOutcome[], switchedOff: string | null) => void;
  /** The lane cannot go on for a while: the outbox cannot be read or written. */
  readonly onError: (error: unknown) => void;
}

/** What a lane is doing. */
export interface LaneState {
  readonly event: string;
  /** Attempts that failed so far. */
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly error: string | null;
}

/** Notices that are read at a time. */
const BATCH = 128;
/** Notices of which is written down in one go that they were delivered; a crash sends these again. */
const GROUP = 128;
/** Longest time that what was delivered is not written down, milliseconds: of most receivers a crash repeats one or two. */
const GROUP_MS = 100;
/** Waits that a receiver may ask for, milliseconds, and how often it may before that counts as an attempt. */
const PATIENCE = { shortestMs: 1_000, longestMs: 600_000, times: 10 } as const;
const AFTER_ERROR_MS = 5_000;
/** Longest wait for an answer once the lane is to end, milliseconds. */
const LAST_CALL_MS = 1_000;

/**
 * Sends the notices of one channel, one after the other in their order. A receiver that fails or dawdles holds up its own
 * lane and no other.
 */
export class Lane {
  readonly #ended = new AbortController();
  /** Ends the call that is under way. */
  readonly #cut = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #woken = false;
  #wake: (() => void) | null = null;
  #state: LaneState | null = null;
  /** Settled but not written down yet. */
  #outcomes: NoticeOutcome[] = [];
  #firstAt = 0;
  #after = 0;

  constructor(private readonly options: LaneOptions) {}

  get state(): LaneState | null {
    return this.#state;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There may be something new in the outbox. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /**
   * Ends waits at once, and the call that is under way unless it is answered soon: what was delivered is written down, and
   * not sent again.
   */
  async stop(): Promise<void> {
    this.#ended.abort();
    this.#wake?.();
    const late = setTimeout(() => this.#cut.abort(), LAST_CALL_MS);
    await this.#running;
    clearTimeout(late);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#round(signal);
      } catch (error) {
        this.options.onError(error);
        await this.options.sleep(AFTER_ERROR_MS, signal);
      }
    }
    try {
      await this.#writeDown();
    } catch (error) {
      this.options.onError(error);
    }
  }

  /** Sends what waits; with nothing left, waits to be woken. */
  async #round(signal: AbortSignal): Promise<void> {
    this.#woken = false;
    if ((await this.#writeDown()) !== null) return;
    const batch = await this.options.outbox.next(this.#after, BATCH);
    for (const notice of batch) {
      const outcome = await this.#deliver(notice, signal);
      if (outcome === null) return;
      if (this.#outcomes.length === 0) this.#firstAt = performance.now();
      this.#outcomes.push(outcome);
      this.#after = notice.row;
      const isDue = this.#outcomes.length >= GROUP || performance.now() - this.#firstAt > GROUP_MS;
      if ((isDue || outcome.status === 'failed') && (await this.#writeDown()) !== null) return;
      if (signal.aborted) return;
    }
    if (batch.length === BATCH) return;
    await this.#writeDown();
    if (!this.#woken && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  async #deliver(notice: WaitingNotice, signal: AbortSignal): Promise<NoticeOutcome | null> {
    const { retryDelaysMs } = this.options.timing;
    let asked = 0;
    for (let attempts = 1; ; attempts += 1) {
      this.#state = { event: notice.event, attempts: attempts - 1, nextAttemptAt: null, error: null };
      const result = await this.#send(notice);
      if (result === null) return null;
      if (result.delivered) return this.#outcome(notice, attempts, result);
      if (signal.aborted) return null;
      const delay = retryDelaysMs[attempts - 1];
      const mayAsk = result.httpStatus === 429 && result.retryAfterMs !== null && asked < PATIENCE.times;
      if (delay === undefined && !mayAsk) return this.#outcome(notice, attempts, result);
      const wait = this.#wait(delay, result, mayAsk);
      if (mayAsk) {
        asked += 1;
        attempts -= 1;
      }
      const nextAttemptAt = this.options.now() + wait;
      this.#state = { event: notice.event, attempts, nextAttemptAt, error: result.error };
      // Long enough for a crash: what was delivered before must not be sent again for it.
      const written = this.#writeDown().catch((error: unknown) => this.options.onError(error));
      await Promise.all([this.options.sleep(wait, signal), written]);
      if (signal.aborted) return null;
    }
  }

  /** A receiver that dawdles must not keep what was delivered before it from being written down. */
  async #send(notice: WaitingNotice): Promise<Attempt | null> {
    if (this.#outcomes.length === 0) return this.options.send(notice, this.#cut.signal);
    let written: Promise<unknown> | null = null;
    const due = setTimeout(
      () => {
        written = this.#writeDown().catch((error: unknown) => this.options.onError(error));
      },
      Math.max(0, this.#firstAt + GROUP_MS - performance.now()),
    );
    try {
      return await this.options.send(notice, this.#cut.signal);
    } finally {
      clearTimeout(due);
      await written;
    }
  }

  /** A receiver that is busy says how long; else each wait is a little longer or shorter than the next lane's. */
  #wait(delay: number | undefined, { httpStatus, retryAfterMs }: Attempt, mayAsk: boolean): number {
    const wished = Math.min(retryAfterMs ?? 0, PATIENCE.longestMs);
    // Whoever is busy and wants no wait at all is not called ten times in a moment.
    if (mayAsk || delay === undefined) return Math.max(wished, PATIENCE.shortestMs);
    const { jitter } = this.options.timing;
    const ours = delay * (1 + jitter * (2 * this.options.random() - 1));
    return httpStatus === 503 ? Math.max(ours, wished) : ours;
  }

  #outcome({ id }: WaitingNotice, attempts: number, result: Attempt): NoticeOutcome {
    this.#state = null;
    const { delivered, httpStatus, error } = result;
    const status = delivered ? 'delivered' : 'failed';
    return { id, status, attempts, settledAt: this.options.now(), httpStatus, error };
  }

  async #writeDown(): Promise<string | null> {
    const outcomes = this.#outcomes;
    if (outcomes.length === 0) return null;
    const switchedOff = await this.options.outbox.settle(outcomes);
    this.#outcomes = [];
    // What is settled waits no longer; row numbers may begin anew once all rows are gone.
    this.#after = 0;
    if (switchedOff !== null) this.#ended.abort();
    this.options.onSettled(outcomes, switchedOff);
    return switchedOff;
  }
}
