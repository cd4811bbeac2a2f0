import type { Transaction } from '../database/transaction.js';
import { printer } from '../resources/index.js';
import type { Patch } from '../resources/resource.js';
import type { PrintJob } from './jobs.js';

export interface DispatchEnding {
  readonly outcome: 'completed' | 'failed' | 'cancelled' | 'released' | 'not-started' | 'unknown';
  readonly ready: 'restore' | 'clear' | 'keep';
  /** The bed was clear before the start. */
  readonly wasReady: boolean;
  /** The machine could begin a print now, as far as its last report says. */
  readonly machineFree: boolean;
}

/**
 * What a printer is after a dispatch has ended: free of the job, its bed in the state that can be answered for, its
 * counters moved on. Continuous printing goes on only after a normal end.
 */
export async function releasePrinter(
  tx: Transaction,
  printerId: string,
  job: PrintJob,
  ending: DispatchEnding,
): Promise<void> {
  const row = await tx.find(printer, printerId);
  if (!row) return;
  const continues = ending.outcome === 'completed' && row.continuousPrint;
  const left = continues && row.fabmaticRemainingJobs !== null ? row.fabmaticRemainingJobs - 1 : null;
  const exhausted = left !== null && left <= 0;
  const faulty =
    ending.outcome === 'failed' || ending.outcome === 'cancelled' || ending.outcome === 'unknown';
  const patch: Patch<typeof printer> = {
    printingJobId: null,
    isAvailable: row.isOnline && ending.machineFree,
    ...(ending.ready === 'restore' && ending.wasReady ? { confirmedReady: true } : {}),
    ...(ending.ready === 'clear' ? { confirmedReady: continues && !exhausted } : {}),
    ...(continues ? { fabmaticRemainingJobs: exhausted ? null : left, continuousPrint: !exhausted } : {}),
    ...(faulty && row.continuousPrint ? { continuousPrint: false, fabmaticRemainingJobs: null } : {}),
    ...counters(row, job, ending),
  };
  await tx.update(printer, printerId, patch);
}

function counters(
  row: { lifetimePrintHours: number; lifetimeJobCount: number },
  job: PrintJob,
  ending: DispatchEnding,
): Patch<typeof printer> {
  if (job.printingStartedAt === null || job.printingCompletedAt === null) return {};
  const hours = (Date.parse(job.printingCompletedAt) - Date.parse(job.printingStartedAt)) / 3_600_000;
  return {
    // A clock set back during a print must not shorten a life.
    lifetimePrintHours: row.lifetimePrintHours + Math.max(0, hours),
    lifetimeJobCount: row.lifetimeJobCount + (ending.outcome === 'completed' ? 1 : 0),
  };
}
