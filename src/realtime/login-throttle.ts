import { callerOf } from '../operations/access/address.js';

/** Counts failed logins by address, of IPv6 by network, and tells when an address has had its share. */
export class LoginThrottle {
  private readonly failures = new Map<string, number[]>();

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
    private readonly now: () => number,
  ) {}

  isBlocked(address: string): boolean {
    return this.recent(callerOf(address)).length >= this.limit;
  }

  noteFailure(address: string): void {
    const caller = callerOf(address);
    const recent = this.recent(caller);
    this.failures.delete(caller);
    if (this.failures.size >= MAX_CALLERS) this.forgetOldest();
    this.failures.set(caller, [...recent, this.now()].slice(-this.limit));
  }

  private recent(caller: string): number[] {
    const since = this.now() - this.windowMs;
    const recent = (this.failures.get(caller) ?? []).filter((at) => at > since);
    if (recent.length === 0) this.failures.delete(caller);
    return recent;
  }

  private forgetOldest(): void {
    for (const caller of this.failures.keys()) {
      this.failures.delete(caller);
      return;
    }
  }
}

/** Callers remembered at once: more than a farm has, little enough to hold. */
const MAX_CALLERS = 10_000;
