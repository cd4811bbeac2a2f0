import type { Transaction } from '../database/transaction.js';
import { printer } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';
import { noteDue } from './maintenance-due.js';
import { type Attempt, endOfContinuous, standingAfter } from './printer-standing.js';

export interface DispatchEnding {
  readonly outcome: 'completed' | 'failed' | 'cancelled' | 'released' | 'not-started' | 'unknown';
  readonly ready: 'restore' | 'clear' | 'keep';
  /** The bed was clear before the start. */
  readonly wasReady: boolean;
  /** Something is said about the end that a person should look at, though the printer called it a normal one. */
  readonly doubtful?: boolean;
  /** What the machine showed last. */
  readonly machine: {
    /** It could begin a print now. */
    readonly free: boolean;
    readonly printing: boolean;
    /** Why it should not be left to itself; null or absent when nothing speaks against it. */
    readonly trouble?: string | null;
  };
  /** How it was for the printer; absent says nothing about that. */
  readonly attempt?: Attempt;
}

/**
 * What a printer is after a dispatch has ended: free of the job, its bed in the state that can be answered for, the
 * job counted. Hours are counted from what it shows. Continuous printing goes on only after a normal end.
 */
export async function releasePrinter(
  tx: Transaction,
  printerId: string,
  ending: DispatchEnding,
): Promise<void> {
  const row = await tx.find(printer, printerId);
  if (!row) return;
  await tx.update(printer, printerId, {
    printingJobId: null,
    isAvailable: row.isOnline && ending.machine.free,
    ...bedAndContinuation(row, ending, tx.now),
    ...(ending.attempt ? standingAfter(row, ending.attempt, tx.now) : {}),
    ...(ending.outcome === 'completed' ? { lifetimeJobCount: row.lifetimeJobCount + 1 } : {}),
  });
  if (ending.outcome === 'completed') await noteDue(tx, printerId);
}

/** Counts a job that somebody says was completed after all. */
export async function countJob(tx: Transaction, printerId: string): Promise<void> {
  const row = await tx.find(printer, printerId);
  if (!row) return;
  await tx.update(printer, printerId, { lifetimeJobCount: row.lifetimeJobCount + 1 });
  await noteDue(tx, printerId);
}

function bedAndContinuation(
  row: Row<typeof printer>,
  ending: DispatchEnding,
  now: string,
): Patch<typeof printer> {
  const stopped = (reason: string) => endOfContinuous(row, reason, now);
  // Whatever is on the bed now was not there before.
  if (ending.machine.printing)
    return { confirmedReady: false, ...stopped('it was printing something else when the job ended') };
  switch (ending.outcome) {
    case 'completed':
      return { confirmedReady: false, ...afterCompletion(row, ending, now) };
    case 'failed':
    case 'cancelled':
    case 'unknown':
      return { ...bed(ending), ...(ending.ready === 'keep' ? {} : stopped(ended(ending))) };
    case 'released':
    case 'not-started':
      return bed(ending);
  }
}

const ENDED = {
  failed: 'a print failed',
  cancelled: 'a print was cancelled',
  unknown: 'nobody saw how a print ended',
} as const;

function ended({ outcome, attempt }: DispatchEnding): string {
  const what = outcome === 'failed' || outcome === 'cancelled' ? ENDED[outcome] : ENDED.unknown;
  const message = attempt?.message ?? null;
  return message === null ? what : `${what}: ${message}`;
}

function bed({ ready, wasReady }: DispatchEnding): Patch<typeof printer> {
  if (ready === 'keep') return {};
  return { confirmedReady: ready === 'restore' && wasReady };
}

/** Continuous printing clears the bed by itself, as often as a person has allowed it to. */
function afterCompletion(
  row: Row<typeof printer>,
  { doubtful, machine, attempt }: DispatchEnding,
  now: string,
): Patch<typeof printer> {
  if (!row.continuousPrint) return {};
  const stopped = (reason: string) => endOfContinuous(row, reason, now);
  if (doubtful) return stopped(attempt?.message ?? 'something was odd about the end of a print');
  if (machine.trouble) return stopped(machine.trouble);
  if (row.fabmaticRemainingJobs === null) return { confirmedReady: true };
  const left = row.fabmaticRemainingJobs - 1;
  return left > 0
    ? { confirmedReady: true, fabmaticRemainingJobs: left }
    : stopped('it has printed as many jobs as it was allowed to');
}
