import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackOff, type Ending } from '../../../drivers/bambu/back-off.js';
import { FullReportPolicy } from '../../../drivers/bambu/full-report.js';
import { MalformedCount } from '../../../drivers/bambu/malformed.js';
import { neverReported } from '../../../drivers/bambu/session-errors.js';
import { SilenceWatch } from '../../../drivers/bambu/silence.js';
import { SESSION_TIMING } from '../../../drivers/bambu/timing.js';
import { DriverError } from '../../../drivers/driver.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('silence', () => {
  function watch() {
    const actions = { wake: vi.fn(), becameStale: vi.fn(), giveUp: vi.fn() };
    return { watch: new SilenceWatch(SESSION_TIMING, actions), actions };
  }

  it('of a new connection: wakes the printer after 15 s, gives up after 60', () => {
    const { watch: silence, actions } = watch();
    silence.start();
    vi.advanceTimersByTime(14_999);
    expect(actions.wake).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(actions.wake).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(44_999);
    expect(actions.giveUp).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(actions.giveUp).toHaveBeenCalledExactlyOnceWith(false);
    expect(actions.becameStale).not.toHaveBeenCalled();
  });

  it('fault-14: of a live one: stale and woken after 60 s, given up 30 s later', () => {
    const { watch: silence, actions } = watch();
    silence.start();
    silence.heard();
    vi.advanceTimersByTime(40_000);
    silence.heard();
    vi.advanceTimersByTime(59_999);
    expect(actions.becameStale).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(actions.becameStale).toHaveBeenCalledOnce();
    expect(actions.wake).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(30_000);
    expect(actions.giveUp).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('ends with a report', () => {
    const { watch: silence, actions } = watch();
    silence.start();
    silence.heard();
    vi.advanceTimersByTime(60_000);
    silence.heard();
    vi.advanceTimersByTime(59_000);
    expect(actions.giveUp).not.toHaveBeenCalled();
    silence.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('asking for everything', () => {
  function policy(floorMs: number) {
    const ask = vi.fn(() => true);
    const reports = new FullReportPolicy(SESSION_TIMING, ask);
    reports.floorMs = floorMs;
    return { reports, ask };
  }

  it('fact-06, fault-03: happens on connecting, once more after 10 s without a full report, then every minute', () => {
    const { reports, ask } = policy(30_000);
    reports.start();
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(10_000);
    expect(ask).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(60_000);
    expect(ask).toHaveBeenCalledTimes(3);
    reports.received();
    vi.advanceTimersByTime(299_999);
    expect(ask).toHaveBeenCalledTimes(3);
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('never happens to a machine that sends full reports by itself', () => {
    const { reports, ask } = policy(5_000);
    reports.start();
    for (let second = 0; second < 1_000; second += 1) {
      reports.received();
      vi.advanceTimersByTime(1_000);
    }
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('fact-06, pain-29, fault-09: when wanted, waits for the floor of the model and happens once', () => {
    const { reports, ask } = policy(30_000);
    reports.start();
    reports.received();
    vi.advanceTimersByTime(10_000);
    reports.wanted();
    reports.wanted();
    expect(reports.waitMs).toBe(20_000);
    vi.advanceTimersByTime(19_999);
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('on request tells whether the report came', async () => {
    const { reports, ask } = policy(5_000);
    const received = reports.request(5_000);
    reports.received();
    await expect(received).resolves.toBe('received');
    const silent = reports.request(5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(silent).resolves.toBe('silent');
    ask.mockReturnValue(false);
    await expect(reports.request(5_000)).resolves.toBe('unsent');
    reports.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('back-off', () => {
  const failure: Ending = {
    error: new DriverError('unreachable', 'gone'),
    answered: false,
    heard: false,
    openMs: 0,
  };
  const cutShort: Ending = { ...failure, answered: true, heard: true, openMs: 200 };
  const held: Ending = { ...failure, answered: true, heard: true, openMs: 60_000 };

  it('pain-27: doubles from one second to thirty, and never waits longer', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 1);
    const waits = Array.from({ length: 8 }, () => {
      backOff.note(failure);
      return backOff.delayMs(false);
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('pain-27: spreads attempts over half the time', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 0);
    backOff.note(failure);
    expect(backOff.delayMs(false)).toBe(500);
  });

  it('starts over after a connection that held', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 1);
    for (let turn = 0; turn < 6; turn += 1) backOff.note(failure);
    backOff.note(held);
    expect(backOff.delayMs(false)).toBe(1_000);
  });

  it('waits at least a minute after a refusal', () => {
    expect(new BackOff(SESSION_TIMING, () => 0).delayMs(true)).toBe(60_000);
    expect(new BackOff(SESSION_TIMING, () => 1).delayMs(true)).toBe(75_000);
  });

  it('fault-15: suspects too many clients after three connections cut short, and waits up to a minute', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 1);
    for (let turn = 0; turn < 2; turn += 1) backOff.note(cutShort);
    expect(backOff.crowded).toBe(false);
    backOff.note(cutShort);
    expect(backOff.crowded).toBe(true);
    for (let turn = 0; turn < 9; turn += 1) backOff.note(cutShort);
    expect(backOff.delayMs(false)).toBe(60_000);
    backOff.note(failure);
    expect(backOff.crowded).toBe(false);
  });

  it('fault-15: suspects them after three connections on which nothing was ever heard, and never starts over', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 1);
    const mute: Ending = { ...cutShort, error: neverReported(), heard: false, openMs: 60_000 };
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
      backOff.note(mute);
      return backOff.delayMs(false);
    });
    expect(backOff.crowded).toBe(true);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    backOff.note(held);
    expect(backOff.crowded).toBe(false);
  });

  it('takes a printer that cuts connections before they are secure for one that starts, for a minute and a half', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 1);
    const cut: Ending = { ...failure, error: new DriverError('unreachable', 'cut', { code: 'ECONNRESET' }) };
    for (let turn = 0; turn < 9; turn += 1) {
      backOff.note(cut);
      expect(backOff.crowded).toBe(false);
      vi.advanceTimersByTime(10_000);
    }
    backOff.note(cut);
    expect(backOff.crowded).toBe(true);
    backOff.note({ ...failure, error: new DriverError('unreachable', 'off', { code: 'ECONNREFUSED' }) });
    expect(backOff.crowded).toBe(false);
  });
});

describe('a sign of life', () => {
  const gone = { error: new DriverError('unreachable', 'gone'), answered: false, heard: false, openMs: 0 };
  const held = { error: new DriverError('unreachable', 'cut'), answered: true, heard: true, openMs: 60_000 };
  const thrownOut = { ...held, openMs: 500 };

  it('is worth an attempt when nobody answered, or a good connection was lost', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 0);
    backOff.note(gone);
    expect(backOff.heeds(0)).toBe(true);
    backOff.reset();
    backOff.note(held);
    expect(backOff.heeds(10_000)).toBe(true);
  });

  it('says nothing new of a printer that throws us out', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 0);
    backOff.note(thrownOut);
    expect(backOff.heeds(100_000)).toBe(false);
  });

  it('is heeded less and less often while nothing comes of it', () => {
    const backOff = new BackOff(SESSION_TIMING, () => 0);
    backOff.note(gone);
    const heeded: number[] = [];
    for (let second = 0; second <= 200; second++) if (backOff.heeds(second * 1_000)) heeded.push(second);
    expect(heeded).toEqual([0, 4, 12, 28, 60, 124, 188]);
    backOff.note(held);
    expect([backOff.heeds(252_000), backOff.heeds(255_000), backOff.heeds(256_000)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('messages nothing can be made of', () => {
  it('fault-07: are too many from the twenty-first within a minute', () => {
    const count = new MalformedCount();
    for (let message = 0; message < 20; message += 1) expect(count.note(message * 1_000)).toBe(false);
    expect(count.note(20_000)).toBe(true);
  });

  it('are forgotten after a minute', () => {
    const count = new MalformedCount();
    for (let message = 0; message < 100; message += 1) expect(count.note(message * 3_001)).toBe(false);
  });
});
