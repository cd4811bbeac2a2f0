import type { Spread } from './tally.js';

/** How often it is looked, milliseconds: what holds the event loop up for longer is always seen. */
const LOOK_MS = 20;

/** Measures how late the event loop comes to what is due: by a timer, whose own time is taken off. */
export class LoopDelay {
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param spread takes seconds
   * @param now milliseconds, of a clock that is never set
   */
  constructor(
    private readonly spread: Spread,
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(): void {
    let due = this.now() + LOOK_MS;
    this.#timer = setInterval(() => {
      const now = this.now();
      this.spread.add(Math.max(0, now - due) / 1000);
      due = now + LOOK_MS;
    }, LOOK_MS).unref();
  }

  /** May be repeated. */
  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
