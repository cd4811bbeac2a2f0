const WINDOW_MS = 60_000;
const TOLERATED = 20;

/** Counts messages nothing could be made of; a few are normal (docs/protocol.md §4.2). */
export class MalformedCount {
  #times: number[] = [];
  #total = 0;

  /** Since the beginning; it never goes back. */
  get total(): number {
    return this.#total;
  }

  /** @returns whether there were too many within a minute */
  note(now: number): boolean {
    this.#times = this.#times.filter((time) => now - time < WINDOW_MS);
    this.#times.push(now);
    this.#total += 1;
    return this.#times.length > TOLERATED;
  }

  reset(): void {
    this.#times = [];
  }
}
