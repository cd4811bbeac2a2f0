import type { Transaction } from '../database/transaction.js';
import { printer, printJob } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';

type Printer = Row<typeof printer>;

/** So many jobs in a row that could not be begun are the printer's trouble, not theirs. */
const MOST_FAILED_STARTS = 3;

/** How a dispatch was for its printer. */
export interface Attempt {
  /** The print was seen to begin. */
  readonly began: boolean;
  /** It could not be begun, and another printer might do better. */
  readonly printersFault: boolean;
  readonly message: string | null;
}

/** Whether a printer goes on to be given jobs. One that is asked in vain again and again would eat the queue. */
export function standingAfter(row: Printer, attempt: Attempt, now: string): Patch<typeof printer> {
  if (attempt.began) return { failedStarts: 0 };
  if (!attempt.printersFault) return {};
  const failedStarts = row.failedStarts + 1;
  if (failedStarts < MOST_FAILED_STARTS || row.setAside !== null) return { failedStarts };
  const last = attempt.message ?? 'nothing was said';
  const reason = `${failedStarts} jobs in a row could not be begun on it; the last: ${last}`;
  return { failedStarts, setAside: { at: now, reason } };
}

/** What somebody who has looked at a printer settles. */
export const LOOKED_AT = {
  failedStarts: 0,
  setAside: null,
  continuousEnded: null,
} satisfies Patch<typeof printer>;

/**
 * Somebody has looked at a printer: what set it aside counts no longer, and jobs that it failed may come back to it.
 *
 * @throws ApiError not_found
 */
export async function lookedAt(tx: Transaction, printerId: string): Promise<Printer> {
  const row = await tx.get(printer, printerId);
  if (row.setAside !== null) await admitAgain(tx, printerId);
  return tx.update(printer, printerId, LOOKED_AT);
}

async function admitAgain(tx: Transaction, printerId: string): Promise<void> {
  const waiting = await tx.db
    .selectFrom('printJob')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('status', '=', 'pending')
    .where('excludedPrinterIds', 'like', `%${printerId}%`)
    .execute();
  for (const { id } of waiting) {
    const { excludedPrinterIds } = await tx.get(printJob, id);
    const left = excludedPrinterIds.filter((excluded) => excluded !== printerId);
    await tx.update(printJob, id, { excludedPrinterIds: left });
  }
}

/** Continuous printing goes off by itself, and the bed waits for a person; nothing for a printer where it is off. */
export function endOfContinuous(row: Printer, reason: string, now: string): Patch<typeof printer> {
  if (!row.continuousPrint) return {};
  return {
    confirmedReady: false,
    continuousPrint: false,
    fabmaticRemainingJobs: null,
    continuousEnded: { at: now, reason },
  };
}

/** The same as a write of its own. @returns whether it was on */
export async function endContinuous(tx: Transaction, printerId: string, reason: string): Promise<boolean> {
  const row = await tx.find(printer, printerId);
  if (!row?.continuousPrint) return false;
  await tx.update(printer, printerId, endOfContinuous(row, reason, tx.now));
  return true;
}
