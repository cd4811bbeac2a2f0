import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** The upkeep of printers: what is to be done how often, on which of them, and what was done. */
export const maintenance: Migration = { name: '0017_maintenance', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'maintenanceItem')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('triggerType', 'text', (c) => c.notNull())
      .addColumn('interval', 'real', (c) => c.notNull())
      .addColumn('warningThresholdPct', 'real', (c) => c.notNull())
      .addColumn('notes', 'text')
      .addColumn('isSystemDefault', 'integer', (c) => c.notNull())
      .addColumn('defaultKey', 'text'),
  );
  await ended(
    begun(db, 'printerMaintenanceEnrollment')
      .addColumn('printerId', 'text', (c) => c.notNull().references('printer.id').onDelete('cascade'))
      .addColumn('maintenanceItemId', 'text', (c) =>
        c.notNull().references('maintenanceItem.id').onDelete('cascade'),
      )
      .addColumn('currentOffset', 'real', (c) => c.notNull())
      .addColumn('hoursAtLastCompletion', 'real')
      .addColumn('jobsAtLastCompletion', 'integer')
      .addColumn('lastCompletedAt', 'text')
      .addColumn('lastCompletedBy', 'text')
      .addColumn('lastNotifiedStatus', 'text')
      .addColumn('hoursAtStart', 'real', (c) => c.notNull())
      .addColumn('jobsAtStart', 'integer', (c) => c.notNull()),
  );
  await ended(
    begun(db, 'maintenanceCompletionLog')
      .addColumn('enrollmentId', 'text', (c) => c.notNull())
      .addColumn('printerId', 'text', (c) => c.notNull().references('printer.id').onDelete('cascade'))
      .addColumn('maintenanceItemId', 'text', (c) => c.notNull())
      .addColumn('completedAt', 'text', (c) => c.notNull())
      .addColumn('completedBy', 'text')
      .addColumn('hoursAtCompletion', 'real')
      .addColumn('jobsAtCompletion', 'integer')
      .addColumn('notes', 'text'),
  );

  await sql`create unique index "maintenance_item_default" on "maintenanceItem" ("storeId", "defaultKey") where "defaultKey" is not null`.execute(
    db,
  );
  await sql`create unique index "enrollment_of_printer" on "printerMaintenanceEnrollment" ("printerId", "maintenanceItemId")`.execute(
    db,
  );
  await sql`create index "enrollment_by_item" on "printerMaintenanceEnrollment" ("maintenanceItemId")`.execute(
    db,
  );
  await sql`create index "completion_by_time" on "maintenanceCompletionLog" ("storeId", "completedAt", "createdAt", "id")`.execute(
    db,
  );
  await sql`create index "completion_by_printer" on "maintenanceCompletionLog" ("printerId", "completedAt")`.execute(
    db,
  );
  await sql`create index "completion_by_enrollment" on "maintenanceCompletionLog" ("enrollmentId")`.execute(
    db,
  );
}
