import type { Kysely } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** What a printer showed last outlives the daemon: another print there is how one made meanwhile is noticed. */
export const shownPrint: Migration = { name: '0003_shown_print', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('printerConnection').addColumn('shownPrint', 'text').execute();
}
