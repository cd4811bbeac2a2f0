import type { Kysely } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** Hours of printing are counted by what printers show; a print that goes on when the daemon ends is kept here. */
export const printClock: Migration = { name: '0018_print_clock', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('printer').addColumn('printingSince', 'text').execute();
  await db.schema.alterTable('printer').addColumn('printingMinutesLeft', 'integer').execute();
}
