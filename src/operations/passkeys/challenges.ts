import { randomBytes } from 'node:crypto';
import type { Clock } from '../../contract/time.js';
import { limited } from '../access/failed-logins.js';

/** How long a challenge may be answered. */
export const CHALLENGE_MS = 300_000;
const MAX_OPEN = 10_000;
const MAX_OPEN_OF_ONE = 20;

interface Open<Purpose> {
  readonly purpose: Purpose;
  readonly holder: string;
  readonly endsAt: number;
}

/**
 * Challenges that were given out and not yet answered, in memory alone: after a restart a browser asks again. Each is
 * good for one answer. Their number is bounded, as a whole and for each holder, so that nobody takes the others' place.
 */
export class Challenges<Purpose> {
  /** In the order in which they end, as are those of each holder. */
  readonly #open = new Map<string, Open<Purpose>>();
  readonly #held = new Map<string, Set<string>>();

  constructor(private readonly clock: Clock) {}

  /**
   * @param holder whose they are: a user's id, or a stranger's address; the oldest of more than 20 is forgotten
   * @returns 32 random bytes, base64url
   * @throws ApiError rate_limited while too many wait for their answers
   */
  issue(holder: string, purpose: Purpose): string {
    this.#dropEnded();
    const held = this.#held.get(holder) ?? new Set<string>();
    const [oldest] = held;
    if (oldest !== undefined && held.size >= MAX_OPEN_OF_ONE) this.#drop(oldest);
    if (this.#open.size >= MAX_OPEN) throw limited('Too many sign-ins are under way', 60);
    const challenge = randomBytes(32).toString('base64url');
    this.#open.set(challenge, { purpose, holder, endsAt: this.clock.now() + CHALLENGE_MS });
    this.#held.set(holder, held.add(challenge));
    return challenge;
  }

  /** What the challenge was given for; null when there is none such, it was answered before, or its time is over. */
  take(challenge: string): Purpose | null {
    this.#dropEnded();
    return this.#drop(challenge)?.purpose ?? null;
  }

  #dropEnded(): void {
    for (const [challenge, { endsAt }] of this.#open) {
      if (endsAt > this.clock.now()) return;
      this.#drop(challenge);
    }
  }

  #drop(challenge: string): Open<Purpose> | undefined {
    const open = this.#open.get(challenge);
    if (!open) return undefined;
    this.#open.delete(challenge);
    const held = this.#held.get(open.holder);
    held?.delete(challenge);
    if (held?.size === 0) this.#held.delete(open.holder);
    return open;
  }
}
