import type { Transaction } from '../database/transaction.js';
import { materialInstance, order, printer } from '../resources/index.js';
import { NOTICE_EVENTS, type NoticeEvent } from '../resources/notification-setting.js';
import { upkeepInfo, watchedUpkeep } from './maintenance-due.js';
import { type NoticeFact, noticesOf, type Subject, type Taken } from './notices.js';
import { type Notice, queueNotice } from './notification-outbox.js';

/**
 * The recorder of notices: what happened in a transaction goes out with it, or not at all. Costs nothing but a look at its
 * changes while there is nothing to tell, and one read while nobody has asked for it.
 */
export async function recordNotices(tx: Transaction): Promise<void> {
  const facts = noticesOf(tx.changes);
  if (facts.length === 0) return;
  const wanted = await wantedEvents(tx);
  for (const { event, printerId, printJobId, subject } of facts) {
    if (!wanted.has(event)) continue;
    if (LIVE.has(event) && !(await isSwitchedOn(tx, printerId))) continue;
    const extra = subject === null ? {} : await extraOf(tx, subject);
    if (extra !== null) await queueNotice(tx, { event, printerId, printJobId, extra });
  }
}

/** What printers tell by themselves: nobody is called because of one that is switched off. */
const LIVE: ReadonlySet<NoticeEvent> = new Set([
  'onPrinterOnline',
  'onPrinterOffline',
  'onPrinterHmsError',
  'onPrinterHmsWarning',
]);

async function isSwitchedOn(tx: Transaction, printerId: NoticeFact['printerId']): Promise<boolean> {
  return printerId !== null && (await tx.find(printer, printerId))?.enabled === true;
}

async function wantedEvents(tx: Transaction): Promise<ReadonlySet<NoticeEvent>> {
  const settings = await tx.db
    .selectFrom('notificationSetting')
    .select(NOTICE_EVENTS)
    .where('storeId', '=', tx.context.storeId)
    .where('enabled', '=', 1)
    .execute();
  return new Set(NOTICE_EVENTS.filter((event) => settings.some((setting) => setting[event] === 1)));
}

type Extra = NonNullable<Notice['extra']>;

/** Null when what it is about went in the same transaction: nothing may fail for want of something to tell. */
async function extraOf(tx: Transaction, subject: Subject): Promise<Extra | null> {
  switch (subject.kind) {
    case 'health':
      return { health: subject.note };
    case 'continuousPrint':
      return { continuousPrint: subject.ended };
    case 'mode':
      return modeOf(tx, subject.printerId);
    case 'upkeep':
      return upkeepOf(tx, subject.enrollmentId, subject.printerId);
    case 'usage': {
      const { printerId, printJobId, taken } = subject;
      const spools: object[] = [];
      for (const use of taken) spools.push(await spoolUse(tx, use));
      return { usage: { printerId, printJobId, spools } };
    }
    case 'order': {
      const row = await tx.find(order, subject.orderId);
      return row && { order: order.present(row, NO_FILES) };
    }
    case 'autoPrint': {
      const { orderId, jobCount } = subject;
      const row = await tx.find(order, orderId);
      const autoPrint = { jobCount, leftItemIds: await unprocessedItems(tx, orderId) };
      return row && { order: order.present(row, NO_FILES), autoPrint };
    }
  }
}

/** Ids of items of an order that wait for a person; what is ignored does not. */
async function unprocessedItems(tx: Transaction, orderId: string): Promise<readonly string[]> {
  const rows = await tx.db
    .selectFrom('orderItem')
    .select(['id', 'processedStatus', 'ignored'])
    .where('orderId', '=', orderId)
    .orderBy('position')
    .execute();
  return rows.filter((row) => row.processedStatus !== 'processed' && row.ignored !== 1).map(({ id }) => id);
}

/** Orders have no files. */
const NO_FILES = { fileUrl: (uri: string) => uri };

async function modeOf(tx: Transaction, printerId: string): Promise<Extra | null> {
  const row = await tx.find(printer, printerId);
  if (!row) return null;
  const { name: printerName, isInMaintenance, lastMaintenanceOfflineAt, lastMaintenanceOnlineAt } = row;
  return {
    maintenance: {
      printerId,
      printerName,
      isInMaintenance,
      lastMaintenanceOfflineAt,
      lastMaintenanceOnlineAt,
    },
  };
}

async function upkeepOf(tx: Transaction, enrollmentId: string, printerId: string): Promise<Extra | null> {
  const watched = await watchedUpkeep(tx.db, tx.context.storeId, printerId, tx.at);
  const upkeep = watched.find((one) => one.enrollmentId === enrollmentId);
  return upkeep === undefined ? null : { maintenance: upkeepInfo(upkeep) };
}

async function spoolUse(tx: Transaction, use: Taken): Promise<object> {
  const row = await tx.find(materialInstance, use.instanceId);
  const { variantId = null, materialId = null, materialType = null } = row ?? {};
  return { ...use, variantId, materialId, materialType };
}
