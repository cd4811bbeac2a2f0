import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerOf, isAddressOrRange, listOf } from '../../src/operations/access/address.js';
import { FailedLogins } from '../../src/operations/access/failed-logins.js';
import { SlidingWindow } from '../../src/operations/access/sliding-window.js';

describe('address lists', () => {
  it.each([
    [['2001:db8::/32'], '2001:db8:1:2::3', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['2001:db8::5'], '2001:db8:0:0:0:0:0:5', true],
    [['fd00::/8', '10.1.0.0/16'], '10.1.255.255', true],
    [['fd00::/8', '10.1.0.0/16'], '10.2.0.0', false],
    // Everything, IPv4 too: whoever writes this wants no limit.
    [['::/0'], '10.2.0.0', true],
    [['0.0.0.0/0'], 'fd00::1', false],
    [['::ffff:10.0.0.0/104'], '10.200.3.4', true],
  ])('%j: %s is %s', (entries, address, inside) => {
    expect(entries.every(isAddressOrRange)).toBe(true);
    expect(listOf(entries).check(address, address.includes(':') ? 'ipv6' : 'ipv4')).toBe(inside);
  });

  it('hold exactly the addresses whose leading bits agree', () => {
    const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 0, max: 32 }), (base, other, prefix) => {
        const bits = (address: Uint8Array) =>
          [...address]
            .map((byte) => byte.toString(2).padStart(8, '0'))
            .join('')
            .slice(0, prefix);
        const inside = listOf([`${base.join('.')}/${prefix}`]).check(other.join('.'), 'ipv4');
        expect(inside).toBe(bits(base) === bits(other));
      }),
    );
  });
});

describe('who counts as one caller', () => {
  it.each([
    ['192.168.1.5', '192.168.1.5'],
    ['::ffff:192.168.1.5', '192.168.1.5'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (address, caller) => {
    expect(callerOf(address)).toBe(caller);
  });
});

describe('failed logins', () => {
  it('are ten a minute for an address, or for the network of an IPv6 address', () => {
    const clock = { at: 600_000, now: () => clock.at };
    const failed = new FailedLogins(clock);
    for (let call = 0; call < 10; call += 1) {
      failed.check('2001:db8::1');
      failed.note(`2001:db8::${call}`);
    }
    expect(() => failed.check('2001:db8::ffff')).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    failed.check('2001:db8:0:1::1');
    clock.at += 120_000;
    failed.check('2001:db8::1');
  });
});

describe('a sliding window', () => {
  const calls = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 40_000 }) }), { maxLength: 200 });

  it('lets in whoever waits as long as it says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), calls, (limit, waits) => {
        const window = new SlidingWindow(limit, 60_000);
        let at = 0;
        for (const { wait } of waits) {
          at += wait;
          const { remaining, resetS } = window.look('a', at);
          expect(resetS).toBeGreaterThan(0);
          expect(resetS).toBeLessThanOrEqual(120);
          if (remaining === 0) {
            at += resetS * 1000;
            expect(window.look('a', at).remaining).toBeGreaterThan(0);
          }
          window.count('a', at);
        }
      }),
    );
  });

  it('lets in never more than its limit within one of its own windows, and less than twice that in any', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), calls, (limit, waits) => {
        const window = new SlidingWindow(limit, 60_000);
        const taken: number[] = [];
        let at = 0;
        for (const { wait } of waits) {
          at += wait;
          if (window.look('a', at).remaining === 0) continue;
          window.count('a', at);
          taken.push(at);
        }
        for (const first of taken) {
          const own = Math.floor(first / 60_000);
          expect(taken.filter((one) => Math.floor(one / 60_000) === own).length).toBeLessThanOrEqual(limit);
          const since = taken.filter((one) => one >= first && one < first + 60_000).length;
          expect(since).toBeLessThan(Math.max(2, 2 * limit));
        }
      }),
    );
  });

  it('forgets those who are gone, and remembers no more than it has room for', () => {
    const window = new SlidingWindow(1, 60_000);
    for (let caller = 0; caller < 10_001; caller += 1) window.count(`${caller}`, 0);
    expect(window.look('0', 0).remaining).toBe(1);
    expect(window.look('10000', 0).remaining).toBe(0);
    window.count('late', 180_000);
    expect(window.look('10000', 180_000).remaining).toBe(1);
    expect(window.isEmpty).toBe(false);
  });
});
