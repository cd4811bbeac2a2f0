import { ApiError } from '../../contract/errors.js';
import type { Clock } from '../../contract/time.js';
import { callerOf } from './address.js';
import { SlidingWindow } from './sliding-window.js';

const PER_MINUTE = 10;

/** Wrong keys, tokens, passkeys and invitations by address: whoever guesses has to wait. */
export class FailedLogins {
  readonly #window = new SlidingWindow(PER_MINUTE, 60_000);

  constructor(private readonly clock: Clock) {}

  /** What an address is told that has had its share; null for all others. */
  refusal(address: string): ApiError | null {
    // Asked at each request, and nearly always there is nobody to look for.
    if (this.#window.isEmpty) return null;
    const { remaining, resetS } = this.#window.look(callerOf(address), this.clock.now());
    return remaining === 0 ? limited('Too many failed logins from this address', resetS) : null;
  }

  /** @throws ApiError rate_limited when the address has had its share */
  check(address: string): void {
    const refusal = this.refusal(address);
    if (refusal) throw refusal;
  }

  note(address: string): void {
    this.#window.count(callerOf(address), this.clock.now());
  }
}

/** Too many; the answer says in `Retry-After`, too, when to come back. */
export function limited(what: string, retryAfterSeconds: number): ApiError {
  return new ApiError('rate_limited', `${what}; try again in ${retryAfterSeconds} s`, { retryAfterSeconds });
}
