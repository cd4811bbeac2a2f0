import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONNECT_RATE, Pace } from '../../../drivers/bambu/pace.js';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.advanceTimersByTime(1_000);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Everybody asks at once. @returns when each got through, and who in which order */
async function rush(pace: Pace, callers: number, forMs: number) {
  const passed: { caller: number; at: number }[] = [];
  for (let caller = 0; caller < callers; caller++) {
    void pace.turn(never).then(() => passed.push({ caller, at: performance.now() }));
  }
  await vi.advanceTimersByTimeAsync(forMs);
  return passed;
}

describe('pain-27: the pace of connection attempts', () => {
  it('lets two hundred printers in within 14 s, never eighteen in a second, in the order of asking', async () => {
    const passed = await rush(new Pace(CONNECT_RATE), 200, 14_000);
    expect(passed.map(({ caller }) => caller)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    for (const { at } of passed) {
      const within = passed.filter((other) => other.at >= at && other.at < at + 1_000).length;
      expect(within).toBeLessThan(18);
    }
  });

  it('lets a few through at once after a quiet time, and only then', async () => {
    const pace = new Pace({ everyMs: 100, burst: 3 });
    expect(await rush(pace, 5, 0)).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await rush(pace, 5, 0)).toHaveLength(3);
    expect(await rush(pace, 5, 50)).toHaveLength(0);
  });

  it('forgets who does not want to wait any longer, and holds nobody up for it', async () => {
    const pace = new Pace({ everyMs: 100, burst: 1 });
    await pace.turn(never);
    const leaving = new AbortController();
    const left = expect(pace.turn(leaving.signal)).rejects.toMatchObject({ kind: 'aborted' });
    const next = rush(pace, 1, 100);
    leaving.abort();
    await left;
    expect(await next).toHaveLength(1);
    await expect(pace.turn(leaving.signal)).rejects.toMatchObject({ kind: 'aborted' });
  });
});
