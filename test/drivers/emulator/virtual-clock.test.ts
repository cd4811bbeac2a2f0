import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { VirtualClock } from '../../../drivers/emulator/virtual-clock.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the virtual clock', () => {
  test('passes so many virtual seconds per real second', () => {
    const clock = new VirtualClock(60);
    vi.advanceTimersByTime(1_000);
    expect(clock.now()).toBeCloseTo(60_000, 3);
  });

  test('fires a timer at its virtual time, in order', () => {
    const clock = new VirtualClock(100);
    const fired: string[] = [];
    clock.after(2_000, () => fired.push('late'));
    clock.after(1_000, () => fired.push('early'));

    vi.advanceTimersByTime(11);
    expect(fired).toEqual(['early']);
    vi.advanceTimersByTime(10);
    expect(fired).toEqual(['early', 'late']);
  });

  test('keeps the due time of timers when the speed changes', () => {
    const clock = new VirtualClock(1);
    const fired = vi.fn();
    clock.after(100_000, fired);
    vi.advanceTimersByTime(40_000);

    clock.setSpeed(1_000);

    vi.advanceTimersByTime(59);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(3);
    expect(fired).toHaveBeenCalledOnce();
    expect(clock.now()).toBeGreaterThanOrEqual(100_000);
  });

  test('slows down as well, past the longest timer of Node', () => {
    const clock = new VirtualClock(1_000);
    const fired = vi.fn();
    clock.after(3_000_000_000, fired);
    clock.setSpeed(1);

    vi.advanceTimersByTime(2 ** 31);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(3_000_000_000 - 2 ** 31 + 2);
    expect(fired).toHaveBeenCalledOnce();
  });

  test('forgets what was cancelled or stopped', () => {
    const clock = new VirtualClock(1);
    const fired = vi.fn();
    clock.after(1_000, fired).cancel();
    clock.after(1_000, fired);

    clock.stop();

    vi.advanceTimersByTime(5_000);
    expect(fired).not.toHaveBeenCalled();
  });

  test('sleeps until the time has come or the signal aborts', async () => {
    const clock = new VirtualClock(1);
    const aborted = new AbortController();
    const sleeps = [clock.sleep(1_000, new AbortController().signal), clock.sleep(1_000_000, aborted.signal)];
    aborted.abort();
    vi.advanceTimersByTime(1_001);
    await expect(Promise.all(sleeps)).resolves.toHaveLength(2);
  });

  test.each([0, -1, Number.NaN, 2_000_000])('takes no speed of %s', (speed) => {
    expect(() => new VirtualClock(speed)).toThrow(RangeError);
  });
});
