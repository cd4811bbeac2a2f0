import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** What is told to the outside and to whom: data of the channels, and the notices that wait or have been sent. */
export const notices: Migration = { name: '0023_notices', up };

async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ['channelData', 'disabledReason', 'enabledSince'])
    await db.schema.alterTable('notificationSetting').addColumn(name, 'text').execute();
  await ended(
    begun(db, 'notice')
      .addColumn('settingId', 'text', (c) =>
        c.notNull().references('notificationSetting.id').onDelete('cascade'),
      )
      .addColumn('eventId', 'text', (c) => c.notNull())
      .addColumn('event', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('settledAt', 'text')
      .addColumn('httpStatus', 'integer')
      .addColumn('error', 'text'),
  );
  // In it those that wait are in the order of row numbers, and the outcomes of a channel in that of time.
  await sql`create index "notice_by_outcome" on "notice" ("settingId", "status", "settledAt")`.execute(db);
}
