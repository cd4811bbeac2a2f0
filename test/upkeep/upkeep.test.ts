import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Chore, ChoreRun } from '../../src/upkeep/chore.js';
import { Upkeep } from '../../src/upkeep/upkeep.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A morning, on this machine's clock. */
const BEGIN = new Date(2026, 2, 10, 9, 0, 30).getTime();

let kept: Map<string, ChoreRun>;
let logged: string[];
let upkeep: Upkeep | null = null;
beforeEach(() => {
  vi.useFakeTimers({ now: BEGIN });
  kept = new Map();
  logged = [];
});
afterEach(async () => {
  await upkeep?.stop();
  upkeep = null;
  vi.useRealTimers();
});

/** Work that counts how often it was done and goes on until the test ends it. */
class Work implements Chore {
  readonly timeoutMs = 5 * MINUTE;
  done = 0;
  running = 0;
  signal: AbortSignal | null = null;
  #end: { resolve(result: string): void; reject(error: unknown): void } | null = null;

  constructor(
    readonly name: string,
    readonly schedule: string | null,
    readonly kept = false,
    private readonly atOnce = true,
  ) {}

  async run(signal: AbortSignal): Promise<string> {
    this.done += 1;
    this.signal = signal;
    if (this.atOnce) return 'well';
    this.running += 1;
    signal.addEventListener('abort', () => this.fail(signal.reason));
    try {
      return await new Promise((resolve, reject) => {
        this.#end = { resolve, reject };
      });
    } finally {
      this.running -= 1;
    }
  }

  finish(): void {
    this.#end?.resolve('slowly');
  }

  fail(error: unknown): void {
    this.#end?.reject(error);
  }
}

function begin(...chores: readonly Chore[]): Upkeep {
  upkeep = new Upkeep({
    chores,
    book: {
      all: async () => [...kept.values()],
      write: async (run) => void kept.set(run.chore, run),
    },
    clock: { now: () => Date.now() },
    log: pino({}, { write: (line: string) => void logged.push(line) }),
  });
  upkeep.start();
  return upkeep;
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('daily work', () => {
  it('is done at its time, on this machine’s clock, and shown with when, how long and what came of it', async () => {
    const hourly = new Work('hourly', '17 * * * *');
    const off = new Work('off', null);
    const shown = begin(hourly, off);
    await pass(16 * MINUTE);
    expect(hourly.done).toBe(0);
    expect(await shown.report()).toMatchObject([
      { name: 'hourly', nextAt: new Date(2026, 2, 10, 9, 17).getTime(), last: null },
      { name: 'off', schedule: null, nextAt: null },
    ]);
    await pass(MINUTE);
    expect(hourly.done).toBe(1);
    const [report] = await shown.report();
    expect(report).toMatchObject({
      nextAt: new Date(2026, 2, 10, 10, 17).getTime(),
      runningSince: null,
      last: { startedAt: new Date(2026, 2, 10, 9, 17).getTime(), result: 'well', error: null },
    });
    await pass(3 * 60 * MINUTE);
    expect(hourly.done).toBe(4);
    expect(off.done).toBe(0);
    expect(kept.size).toBe(0);
  });

  it('is never two pieces at once: what comes due meanwhile waits, once', async () => {
    const slow = new Work('slow', '* * * * *', false, false);
    const other = new Work('other', '* * * * *', false, false);
    const shown = begin(slow, other);
    await pass(3 * MINUTE);
    expect([slow.running, other.running, slow.done, other.done]).toEqual([1, 0, 1, 0]);
    expect(await shown.report()).toMatchObject([{ waiting: true }, { waiting: true, runningSince: null }]);
    slow.finish();
    await pass(0);
    expect([slow.running, other.running]).toEqual([0, 1]);
    other.fail(new Error('no room on the card'));
    await pass(0);
    expect([slow.running, slow.done, other.done]).toEqual([1, 2, 1]);
    const [, failed] = await shown.report();
    expect(failed?.last).toMatchObject({ result: null, error: 'no room on the card' });
    expect(logged.join('')).toContain('daily work failed');
  });

  it('is told to stop when it takes too long, and the rest goes on', async () => {
    const slow = new Work('slow', '0 10 * * *', false, false);
    const other = new Work('other', '1 10 * * *');
    const shown = begin(slow, other);
    await pass(64 * MINUTE);
    expect([slow.running, other.done]).toEqual([1, 0]);
    await pass(MINUTE);
    expect([slow.running, other.done]).toEqual([0, 1]);
    expect((await shown.report())[0]?.last?.error).toBe('it took longer than 300 s');
  });

  it('ends with the daemon: what is done is told to stop, and no failed run is left behind', async () => {
    const slow = new Work('slow', '* * * * *', true, false);
    const shown = begin(slow);
    await pass(MINUTE);
    expect(slow.running).toBe(1);
    await shown.stop();
    expect(slow.running).toBe(0);
    expect(kept.size).toBe(0);
    await pass(DAY);
    expect(slow.done).toBe(1);
  });

  it('does not hold up the end by more than two seconds', async () => {
    const deaf: Chore = {
      name: 'deaf',
      schedule: '* * * * *',
      timeoutMs: MINUTE,
      kept: false,
      run: () => new Promise(() => undefined),
    };
    const shown = begin(deaf);
    await pass(MINUTE);
    const ended = shown.stop();
    await pass(2_000);
    await ended;
    upkeep = null;
  });
});

describe('what was missed while the daemon was down', () => {
  const ranAt = (chore: string, startedAt: Date) =>
    kept.set(chore, { chore, startedAt: startedAt.getTime(), durationMs: 1, result: 'x', error: null });

  it('is made up for ten minutes after the start, if it is kept', async () => {
    ranAt('missed', new Date(2026, 2, 8, 3, 41));
    ranAt('done', new Date(2026, 2, 10, 3, 41));
    ranAt('weekly', new Date(2026, 2, 8, 4, 0));
    const missed = new Work('missed', '41 3 * * *', true);
    const done = new Work('done', '41 3 * * *', true);
    const weekly = new Work('weekly', '0 4 * * 0', true);
    const never = new Work('never', '41 3 * * *', true);
    const hourly = new Work('hourly', '59 8 * * *');
    begin(missed, done, weekly, never, hourly);
    await pass(10 * MINUTE - 1);
    expect(missed.done).toBe(0);
    await pass(1);
    expect([missed.done, done.done, weekly.done, never.done, hourly.done]).toEqual([1, 0, 0, 1, 0]);
    expect(kept.get('missed')).toMatchObject({ startedAt: BEGIN + 10 * MINUTE, result: 'well' });
    await upkeep?.stop();
    begin(missed, never);
    await pass(20 * MINUTE);
    expect([missed.done, never.done]).toEqual([1, 1]);
  });

  it('does not hinder what comes by itself', async () => {
    const daily = new Work('daily', '5 9 * * *', true);
    begin(daily);
    await pass(30 * MINUTE);
    expect(daily.done).toBe(1);
    await pass(DAY);
    expect(daily.done).toBe(2);
  });
});
