import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { type DispatchEnding, releasePrinter } from '../../src/domain/dispatch-endings.js';
import { moveJob } from '../../src/domain/jobs.js';
import type { Printer } from '../../src/domain/printers.js';
import { printer } from '../../src/resources/index.js';
import type { Patch } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { aPrinter, printing } from './rows.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);

interface Case {
  readonly printer?: Patch<typeof printer>;
  readonly ending: Omit<DispatchEnding, 'wasReady' | 'machine'> & Partial<DispatchEnding>;
}

/** The printer after a dispatch on it has ended so. */
async function released({ printer: changes = {}, ending }: Case): Promise<Printer> {
  return write(async (tx) => {
    const row = await aPrinter(tx, { isOnline: true, ...changes });
    const jobId = await printing(tx, row.id, tx.now);
    await moveJob(tx, jobId, ending.outcome === 'completed' ? 'completed' : 'failed');
    await releasePrinter(tx, row.id, {
      wasReady: true,
      machine: { free: true, printing: false },
      ...ending,
    });
    return tx.get(printer, row.id);
  });
}

describe('the bed after a dispatch', () => {
  test.each([
    ['completed', 'clear', true, false],
    ['failed', 'clear', true, false],
    ['cancelled', 'clear', true, false],
    ['unknown', 'clear', true, false],
    ['not-started', 'clear', true, false],
    ['not-started', 'restore', true, true],
    ['not-started', 'restore', false, false],
    ['released', 'restore', true, true],
    ['cancelled', 'restore', true, true],
  ] as const)(
    'pain-14: %s (%s, ready before: %s) leaves ready: %s',
    async (outcome, ready, wasReady, expected) => {
      const row = await released({ ending: { outcome, ready, wasReady } });
      expect(row).toMatchObject({ confirmedReady: expected, printingJobId: null, isAvailable: true });
    },
  );

  test('a dispatch that never sent its start leaves the bed to who judged it', async () => {
    for (const confirmedReady of [true, false]) {
      const row = await write(async (tx) => {
        const made = await aPrinter(tx, { isOnline: true });
        const id = await printing(tx, made.id, tx.now);
        await tx.update(printer, made.id, { confirmedReady });
        await moveJob(tx, id, 'cancelled');
        const machine = { free: true, printing: false };
        await releasePrinter(tx, made.id, {
          outcome: 'cancelled',
          ready: 'keep',
          wasReady: false,
          machine,
        });
        return tx.get(printer, made.id);
      });
      expect(row.confirmedReady).toBe(confirmedReady);
    }
  });

  test('pain-14: whatever lies on the bed while something prints, it is not clear', async () => {
    for (const ready of ['restore', 'keep', 'clear'] as const) {
      const machine = { free: false, printing: true };
      const row = await released({
        printer: { continuousPrint: true },
        ending: { outcome: 'released', ready, machine },
      });
      expect(row).toMatchObject({ confirmedReady: false, isAvailable: false, continuousPrint: false });
    }
  });

  test('an offline printer is not available', async () => {
    const row = await released({
      printer: { isOnline: false },
      ending: { outcome: 'completed', ready: 'clear' },
    });
    expect(row.isAvailable).toBe(false);
  });

  test('a printer that is gone is no trouble', async () => {
    await write(async (tx) => {
      const machine = { free: false, printing: false };
      await releasePrinter(tx, 'nowhere', {
        outcome: 'unknown',
        ready: 'clear',
        wasReady: true,
        machine,
      });
    });
  });
});

describe('continuous printing', () => {
  const completed = { outcome: 'completed', ready: 'clear' } as const;

  test('goes on after a normal end, without end', async () => {
    const row = await released({ printer: { continuousPrint: true }, ending: completed });
    expect(row).toMatchObject({ confirmedReady: true, continuousPrint: true, fabmaticRemainingJobs: null });
  });

  test('pain-33: ends with a print that stopped short, though the printer calls it finished', async () => {
    const ending = { ...completed, doubtful: true };
    const row = await released({ printer: { continuousPrint: true }, ending });
    expect(row).toMatchObject({ confirmedReady: false, continuousPrint: false });
  });

  test('counts down, and waits for a person at the last', async () => {
    const two = await released({
      printer: { continuousPrint: true, fabmaticRemainingJobs: 2 },
      ending: completed,
    });
    expect(two).toMatchObject({ confirmedReady: true, continuousPrint: true, fabmaticRemainingJobs: 1 });
    const one = await released({
      printer: { continuousPrint: true, fabmaticRemainingJobs: 1 },
      ending: completed,
    });
    expect(one).toMatchObject({ confirmedReady: false, continuousPrint: false, fabmaticRemainingJobs: null });
  });

  test.each(['failed', 'cancelled', 'unknown'] as const)('ends with a print that is %s', async (outcome) => {
    const row = await released({
      printer: { continuousPrint: true, fabmaticRemainingJobs: 5 },
      ending: { outcome, ready: 'clear' },
    });
    expect(row).toMatchObject({ confirmedReady: false, continuousPrint: false, fabmaticRemainingJobs: null });
  });

  test('outlives a job that never left the daemon', async () => {
    const row = await released({
      printer: { continuousPrint: true, fabmaticRemainingJobs: 5 },
      ending: { outcome: 'released', ready: 'keep' },
    });
    expect(row).toMatchObject({ continuousPrint: true, fabmaticRemainingJobs: 5 });
  });
});

describe('counters', () => {
  test('jobs are counted when they are completed, hours elsewhere', async () => {
    const before = { lifetimePrintHours: 10, lifetimeJobCount: 3 };
    const done = await released({ printer: before, ending: { outcome: 'completed', ready: 'clear' } });
    expect(done).toMatchObject({ lifetimePrintHours: 10, lifetimeJobCount: 4 });
    for (const outcome of ['failed', 'cancelled', 'unknown', 'not-started', 'released'] as const) {
      const row = await released({ printer: before, ending: { outcome, ready: 'clear' } });
      expect(row).toMatchObject(before);
    }
  });
});
