import { describe, expect, it } from 'vitest';
import { CHALLENGE_MS, Challenges } from '../../src/operations/passkeys/challenges.js';

function challenges() {
  const clock = { at: 1_000_000, now: () => clock.at };
  return { clock, open: new Challenges<string>(clock) };
}

describe('challenges', () => {
  it('are good for one answer, for what they were given out for', () => {
    const { open } = challenges();
    const [one, other] = [open.issue('ann', 'sign in'), open.issue('ann', 'register')];
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(one).not.toBe(other);
    expect(open.take(one)).toBe('sign in');
    expect(open.take(one)).toBeNull();
    expect(open.take(other)).toBe('register');
    expect(open.take('unknown')).toBeNull();
  });

  it('end after five minutes', () => {
    const { clock, open } = challenges();
    const challenge = open.issue('ann', 'sign in');
    clock.at += CHALLENGE_MS - 1;
    const later = open.issue('ann', 'sign in');
    expect(open.take(later)).toBe('sign in');
    clock.at += 1;
    expect(open.take(challenge)).toBeNull();
  });

  it('of one holder are twenty; the oldest makes room, and nobody else’s', () => {
    const { open } = challenges();
    const bob = open.issue('bob', 'bob');
    const all = Array.from({ length: 25 }, (_, index) => open.issue('ann', `${index}`));
    expect(all.map((one) => open.take(one))).toEqual(
      Array.from({ length: 25 }, (_, index) => (index < 5 ? null : `${index}`)),
    );
    expect(open.take(bob)).toBe('bob');
  });

  it('are bounded as a whole, and there is room again when they end', () => {
    const { clock, open } = challenges();
    for (let holder = 0; holder < 10_000; holder += 1) open.issue(`${holder}`, 'x');
    expect(() => open.issue('one more', 'x')).toThrow(
      expect.objectContaining({ code: 'rate_limited', details: { retryAfterSeconds: 60 } }),
    );
    clock.at += CHALLENGE_MS;
    expect(open.take(open.issue('one more', 'x'))).toBe('x');
  });
});
