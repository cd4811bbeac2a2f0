/** An allowance that fills up again with time, up to its size. */
export class TokenBucket {
  private tokens: number;
  private at: number;

  /** @param now milliseconds */
  constructor(
    private readonly size: number,
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {
    this.tokens = size;
    this.at = now();
  }

  /** @returns false, taking nothing, when there is not enough. */
  take(cost: number): boolean {
    const now = this.now();
    // A clock that is set back takes nothing away.
    this.give((Math.max(0, now - this.at) / 1_000) * this.perSecond);
    this.at = now;
    if (this.tokens < cost) return false;
    this.tokens -= cost;
    return true;
  }

  give(tokens: number): void {
    this.tokens = Math.min(this.size, this.tokens + tokens);
  }
}
