import type { SessionTiming } from './timing.js';

/**
 * Decides when to ask a printer for everything (docs/protocol.md §4.3): after connecting, when something went
 * amiss, and otherwise seldom, because small processors stall when asked often.
 */
export class FullReportPolicy {
  readonly #timing: SessionTiming;
  readonly #ask: () => boolean;
  #waiting: (() => void)[] = [];
  #askedAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** Shortest time between two requests, by the model; milliseconds. */
  floorMs = 30_000;

  /** @param ask sends the request; false when nothing was sent */
  constructor(timing: SessionTiming, ask: () => boolean) {
    this.#timing = timing;
    this.#ask = ask;
  }

  /** A new connection: nothing is known until a full report has come. */
  start(): void {
    this.#request();
    this.#after(this.#timing.firstFullReportMs, () => this.#insist());
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** A full report came. */
  received(): void {
    this.#after(this.#timing.resyncMs, () => this.#insist());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Milliseconds until another request may be made. */
  get waitMs(): number {
    return this.#askedAt === null ? 0 : Math.max(0, this.#askedAt + this.floorMs - performance.now());
  }

  /** Asks as soon as the model allows. */
  wanted(): void {
    this.#after(this.waitMs, () => this.#insist());
  }

  /** Asks at once. Resolves with whether a full report came in time, or `unsent`. */
  async request(timeoutMs: number): Promise<'received' | 'silent' | 'unsent'> {
    if (!this.#request()) return 'unsent';
    return new Promise((resolve) => {
      const arrive = (): void => {
        clearTimeout(timer);
        resolve('received');
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== arrive);
        resolve('silent');
      }, timeoutMs);
      this.#waiting.push(arrive);
    });
  }

  /** Asks until a full report comes. */
  #insist(): void {
    this.#request();
    this.#after(this.#timing.fullReportRetryMs, () => this.#insist());
  }

  #request(): boolean {
    const sent = this.#ask();
    if (sent) this.#askedAt = performance.now();
    return sent;
  }

  #after(ms: number, action: () => void): void {
    this.stop();
    this.#timer = setTimeout(action, ms);
  }
}
