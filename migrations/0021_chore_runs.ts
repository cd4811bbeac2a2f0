import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** When daily work was done last, and what came of it: one row for each piece. */
export const choreRuns: Migration = { name: '0021_chore_runs', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'choreRun')
      .addColumn('chore', 'text', (c) => c.notNull())
      .addColumn('startedAt', 'text', (c) => c.notNull())
      .addColumn('durationMs', 'integer', (c) => c.notNull())
      .addColumn('result', 'text')
      .addColumn('error', 'text'),
  );
  await sql`create unique index "chore_run_of_chore" on "choreRun" ("storeId", "chore")`.execute(db);
}
