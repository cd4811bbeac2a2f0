import { ApiError, invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import {
  maintenanceCompletionLog,
  maintenanceItem,
  printer,
  printerMaintenanceEnrollment,
} from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import type { Printer } from './printers.js';
import { RECOMMENDED_ITEMS, type RecommendedItem } from './recommended-maintenance.js';
import type { EntityRules } from './rules.js';

export type MaintenanceItem = Row<typeof maintenanceItem>;
export type Enrollment = Row<typeof printerMaintenanceEnrollment>;

export const maintenanceItemRules: EntityRules = {
  async write(_tx, values) {
    if (values.interval === 0)
      throw invalidInput([{ path: '$input.interval', expected: 'a number above 0', value: 0 }]);
    return values;
  },
  async remove(_tx, { isSystemDefault, name }) {
    if (isSystemDefault !== true) return;
    throw new ApiError(
      'managed',
      `${JSON.stringify(name)} ships with the daemon: it can be changed, and printers be taken off it`,
    );
  },
};

/** A copy to be changed, without the printers of the original. @throws ApiError not_found */
export async function duplicateItem(tx: Transaction, id: string): Promise<MaintenanceItem> {
  const { name, triggerType, interval, warningThresholdPct, notes } = await tx.get(maintenanceItem, id);
  return tx.insert(maintenanceItem, {
    storeId: tx.context.storeId,
    name: `${name.slice(0, 1_000)} (copy)`,
    triggerType,
    interval,
    warningThresholdPct,
    notes,
  });
}

/**
 * Has a piece of upkeep watched for printers, from now on; `currentOffset` is how much of the interval has passed by now.
 * Printers for which it is watched already are left alone.
 *
 * @returns what was enrolled. @throws ApiError not_found for the item or a printer: then nothing is
 */
export async function enroll(
  tx: Transaction,
  itemId: string,
  wanted: readonly { readonly printerId: string; readonly currentOffset?: number | undefined }[],
): Promise<readonly Enrollment[]> {
  await tx.get(maintenanceItem, itemId);
  const made: Enrollment[] = [];
  for (const { printerId, currentOffset = 0 } of wanted) {
    const machine = await tx.get(printer, printerId);
    const known = await tx.db
      .selectFrom('printerMaintenanceEnrollment')
      .select('id')
      .where('printerId', '=', printerId)
      .where('maintenanceItemId', '=', itemId)
      .executeTakeFirst();
    if (known) continue;
    const row = await tx.insert(printerMaintenanceEnrollment, {
      storeId: tx.context.storeId,
      printerId,
      maintenanceItemId: itemId,
      currentOffset,
      hoursAtStart: machine.lifetimePrintHours,
      jobsAtStart: machine.lifetimeJobCount,
    });
    made.push(row);
  }
  return made;
}

/** Watches no longer; the history of what was done stays. Ids that are none are passed over. */
export async function unenroll(tx: Transaction, ids: readonly string[]): Promise<void> {
  for (const id of new Set(ids))
    if (await tx.find(printerMaintenanceEnrollment, id)) await tx.remove(printerMaintenanceEnrollment, id);
}

/**
 * Writes down that upkeep was done, and begins its interval anew. All of them or none.
 *
 * @param by user or key id. @throws ApiError not_found
 */
export async function markDone(
  tx: Transaction,
  ids: readonly string[],
  by: string | null,
  notes: string | null,
): Promise<void> {
  for (const id of new Set(ids)) {
    const { printerId, maintenanceItemId } = await tx.get(printerMaintenanceEnrollment, id);
    const { lifetimePrintHours, lifetimeJobCount } = await tx.get(printer, printerId);
    await tx.update(printerMaintenanceEnrollment, id, {
      currentOffset: 0,
      hoursAtLastCompletion: lifetimePrintHours,
      jobsAtLastCompletion: lifetimeJobCount,
      hoursAtStart: lifetimePrintHours,
      jobsAtStart: lifetimeJobCount,
      lastCompletedAt: tx.now,
      lastCompletedBy: by,
      lastNotifiedStatus: null,
    });
    await tx.insert(maintenanceCompletionLog, {
      storeId: tx.context.storeId,
      enrollmentId: id,
      printerId,
      maintenanceItemId,
      completedAt: tx.now,
      completedBy: by,
      hoursAtCompletion: lifetimePrintHours,
      jobsAtCompletion: lifetimeJobCount,
      notes,
    });
  }
}

/**
 * Takes a printer out of work, or lets it back. No job begins on it meanwhile; a print that runs goes on to its end. What
 * was done to it is not known to the daemon, so its bed has to be looked at afterwards.
 */
export async function setMaintenanceMode(
  tx: Transaction,
  printerId: string,
  enabled: boolean,
): Promise<Printer> {
  const row = await tx.get(printer, printerId);
  if (row.isInMaintenance === enabled) return row;
  return tx.update(
    printer,
    printerId,
    enabled
      ? {
          isInMaintenance: true,
          lastMaintenanceOfflineAt: tx.now,
          confirmedReady: false,
          continuousPrint: false,
          fabmaticRemainingJobs: null,
        }
      : { isInMaintenance: false, lastMaintenanceOnlineAt: tx.now },
  );
}

/**
 * Enrolls printers in what is recommended for their models; items that are not there yet are made.
 *
 * @param offsets how much of an interval has passed, by printer and by the name of the item
 * @returns how many enrollments were made. @throws ApiError not_found for a printer
 */
export async function enrollRecommended(
  tx: Transaction,
  printerIds: readonly string[],
  offsets: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Promise<number> {
  let count = 0;
  for (const printerId of new Set(printerIds)) {
    const model = await modelOf(tx, await tx.get(printer, printerId));
    for (const recommended of RECOMMENDED_ITEMS.filter(({ models }) => models.includes(model))) {
      const item = await itemFor(tx, recommended);
      const given = offsets[printerId] ?? {};
      const currentOffset = given[recommended.name] ?? given[item.name] ?? 0;
      count += (await enroll(tx, item.id, [{ printerId, currentOffset }])).length;
    }
  }
  return count;
}

/** Code of the model, as the printer told it or else as somebody named it; '' while nobody has. */
async function modelOf(tx: Transaction, { id, metadata }: Printer): Promise<string> {
  const told = metadata?.dev_model_name ?? '';
  if (told !== '') return told;
  const row = await tx.db
    .selectFrom('printerConnection')
    .select('modelCode')
    .where('printerId', '=', id)
    .executeTakeFirst();
  return row?.modelCode ?? '';
}

async function itemFor(
  tx: Transaction,
  { key, name, triggerType, interval, notes }: RecommendedItem,
): Promise<MaintenanceItem> {
  const { storeId } = tx.context;
  const known = await tx.db
    .selectFrom('maintenanceItem')
    .select('id')
    .where('storeId', '=', storeId)
    .where('defaultKey', '=', key)
    .executeTakeFirst();
  if (known) return tx.get(maintenanceItem, known.id);
  const values = { name, triggerType, interval, notes };
  return tx.insert(maintenanceItem, { storeId, ...values, isSystemDefault: true, defaultKey: key });
}
