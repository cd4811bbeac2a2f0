import type { Logger } from 'pino';
import type { Change } from './database/change.js';
import type { Database } from './database/database.js';

interface Options {
  readonly database: Database;
  readonly log: Logger;
}

const SAID = { DUE_SOON: 'maintenance is due soon', OVERDUE: 'maintenance is overdue' } as const;

/**
 * Says in the log when maintenance comes due and when a printer goes into maintenance mode or comes back. It hears of what
 * was committed, so that it says what is so, once.
 *
 * @returns how to stop
 */
export function tellOfMaintenance({ database, log }: Options): () => void {
  const due = async (enrollmentId: string, status: keyof typeof SAID) => {
    const row = await database.read
      .selectFrom('printerMaintenanceEnrollment as enrollment')
      .innerJoin('maintenanceItem as item', 'item.id', 'enrollment.maintenanceItemId')
      .innerJoin('printer', 'printer.id', 'enrollment.printerId')
      .select(['item.name as item', 'printer.name as name', 'printer.deviceId as printer'])
      .where('enrollment.id', '=', enrollmentId)
      .executeTakeFirst();
    if (row) log.warn(row, SAID[status]);
  };
  return database.feed.on(({ changes }) => {
    for (const change of changes) {
      const status = dueNow(change);
      if (status !== null)
        due(change.id, status).catch((error: unknown) => log.error({ err: error }, 'maintenance is due'));
      if (change.resource === 'printer' && change.fields.includes('isInMaintenance')) {
        const { deviceId: printer, name, isInMaintenance } = change.after ?? {};
        log.info({ printer, name }, isInMaintenance ? 'in maintenance' : 'back from maintenance');
      }
    }
  });
}

function dueNow({ resource, fields, after }: Change): keyof typeof SAID | null {
  if (resource !== 'printerMaintenanceEnrollment' || !fields.includes('lastNotifiedStatus')) return null;
  const status = after?.lastNotifiedStatus;
  return status === 'DUE_SOON' || status === 'OVERDUE' ? status : null;
}
