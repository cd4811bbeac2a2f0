import type { Transaction } from '../database/transaction.js';
import { printer } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';

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
  };
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
    ...bedAndContinuation(row, ending),
    ...(ending.outcome === 'completed' ? { lifetimeJobCount: row.lifetimeJobCount + 1 } : {}),
  });
}

function bedAndContinuation(row: Row<typeof printer>, ending: DispatchEnding): Patch<typeof printer> {
  // Whatever is on the bed now was not there before.
  if (ending.machine.printing) return { confirmedReady: false, ...endContinuous(row) };
  switch (ending.outcome) {
    case 'completed':
      return ending.doubtful ? { confirmedReady: false, ...endContinuous(row) } : afterCompletion(row);
    case 'failed':
    case 'cancelled':
    case 'unknown':
      return { ...bed(ending), ...(ending.ready === 'keep' ? {} : endContinuous(row)) };
    case 'released':
    case 'not-started':
      return bed(ending);
  }
}

function bed({ ready, wasReady }: DispatchEnding): Patch<typeof printer> {
  if (ready === 'keep') return {};
  return { confirmedReady: ready === 'restore' && wasReady };
}

/** Continuous printing clears the bed by itself, as often as a person has allowed it to. */
function afterCompletion(row: Row<typeof printer>): Patch<typeof printer> {
  if (!row.continuousPrint) return { confirmedReady: false };
  const left = row.fabmaticRemainingJobs === null ? null : row.fabmaticRemainingJobs - 1;
  const goesOn = left === null || left > 0;
  return { confirmedReady: goesOn, continuousPrint: goesOn, fabmaticRemainingJobs: goesOn ? left : null };
}

function endContinuous(row: Row<typeof printer>): Patch<typeof printer> {
  return row.continuousPrint ? { continuousPrint: false, fabmaticRemainingJobs: null } : {};
}
