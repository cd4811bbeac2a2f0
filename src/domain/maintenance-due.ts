import type { Kysely } from 'kysely';
import type { Transaction } from '../database/transaction.js';
import { printerMaintenanceEnrollment, type Tables } from '../resources/index.js';
import { upkeepStatus } from './maintenance-status.js';

/** Every piece of upkeep that is watched, for one printer or for all (null), with how far it is. */
export async function watchedUpkeep(
  db: Kysely<Tables>,
  storeId: string,
  printerId: string | null,
  now: number,
) {
  let query = db
    .selectFrom('printerMaintenanceEnrollment as enrollment')
    .innerJoin('maintenanceItem as item', 'item.id', 'enrollment.maintenanceItemId')
    .innerJoin('printer', 'printer.id', 'enrollment.printerId')
    .select([
      'enrollment.id as enrollmentId',
      'enrollment.printerId',
      'enrollment.maintenanceItemId',
      'enrollment.currentOffset',
      'enrollment.hoursAtStart',
      'enrollment.jobsAtStart',
      'enrollment.lastCompletedAt',
      'enrollment.lastCompletedBy',
      'enrollment.lastNotifiedStatus',
      'enrollment.createdAt',
      'item.name as itemName',
      'item.triggerType',
      'item.interval',
      'item.warningThresholdPct',
      'printer.name as printerName',
      'printer.lifetimePrintHours',
      'printer.lifetimeJobCount',
    ])
    .orderBy('printer.name')
    .orderBy('item.name')
    .orderBy('enrollment.id');
  query =
    printerId === null
      ? query.where('enrollment.storeId', '=', storeId)
      : query.where('enrollment.printerId', '=', printerId);
  return (await query.execute()).map((row) => ({
    ...row,
    ...upkeepStatus(
      {
        ...row,
        offset: row.currentOffset,
        startedAt: Date.parse(row.lastCompletedAt ?? row.createdAt),
        hours: row.lifetimePrintHours,
        jobs: row.lifetimeJobCount,
      },
      now,
    ),
  }));
}

export type WatchedUpkeep = Awaited<ReturnType<typeof watchedUpkeep>>[number];

/** The same as people and programs are told it. */
export function upkeepInfo(row: WatchedUpkeep) {
  return {
    enrollmentId: row.enrollmentId,
    printerId: row.printerId,
    maintenanceItemId: row.maintenanceItemId,
    printerName: row.printerName,
    itemName: row.itemName,
    triggerType: row.triggerType,
    interval: row.interval,
    elapsed: row.elapsed,
    progress: row.progress,
    status: row.status,
    warningThresholdPct: row.warningThresholdPct,
    lastCompletedAt: row.lastCompletedAt,
    lastCompletedBy: row.lastCompletedBy,
  };
}

/**
 * Writes down of which upkeep people are to be told, once for each change: `lastNotifiedStatus` is what they know. Nothing
 * is written where nothing has changed.
 *
 * @param printerId null looks at all printers
 */
export async function noteDue(tx: Transaction, printerId: string | null): Promise<void> {
  const watched = await watchedUpkeep(tx.db, tx.context.storeId, printerId, tx.at);
  for (const { enrollmentId, status, lastNotifiedStatus } of watched) {
    const told = status === 'OK' ? null : status;
    if (told !== lastNotifiedStatus)
      await tx.update(printerMaintenanceEnrollment, enrollmentId, { lastNotifiedStatus: told });
  }
}
