import type { Kysely } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** The journal says from its start on which spools a print takes its filament from. */
export const spoolUse: Migration = { name: '0019_spool_use', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('dispatch').addColumn('spools', 'text').execute();
}
