/** Counts failed logins by address and tells when an address has had its share. */
export class LoginThrottle {
  private readonly failures = new Map<string, number[]>();

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {}

  isBlocked(address: string): boolean {
    return this.recent(address).length >= this.limit;
  }

  noteFailure(address: string): void {
    const recent = this.recent(address);
    this.failures.delete(address);
    if (this.failures.size >= MAX_ADDRESSES) this.forgetOldest();
    this.failures.set(address, [...recent, this.now()].slice(-this.limit));
  }

  private recent(address: string): number[] {
    const since = this.now() - this.windowMs;
    const recent = (this.failures.get(address) ?? []).filter((at) => at > since);
    if (recent.length === 0) this.failures.delete(address);
    return recent;
  }

  private forgetOldest(): void {
    for (const address of this.failures.keys()) {
      this.failures.delete(address);
      return;
    }
  }
}

/** Addresses remembered at once: more than a farm has, little enough to hold. */
const MAX_ADDRESSES = 10_000;
