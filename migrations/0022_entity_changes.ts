import type { Kysely } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/** What was committed and may still have to be told: a row for each transaction, gone when everybody has it. */
export const entityChanges: Migration = { name: '0022_entity_changes', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('entityChange')
    .addColumn('sequence', 'integer', (c) => c.primaryKey().notNull())
    .addColumn('storeId', 'text', (c) => c.notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('cursors', 'text', (c) => c.notNull())
    .addColumn('changes', 'text', (c) => c.notNull())
    .execute();
}
