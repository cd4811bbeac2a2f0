import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';

/**
 * What a job writes and what a start command reads. The status of a job changes five times, and each time a page of
 * every index that holds it is written: jobs by printer do without. A fresh token is compared with those of all
 * dispatches, also with the few that were replaced, which had no index.
 */
export const fewerPages: Migration = { name: '0006_fewer_pages', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index "job_by_printer"`.execute(db);
  await sql`create index "job_by_printer" on "printJob" ("assignedPrinterId")`.execute(db);
  await sql`create index "dispatch_previous_token" on "dispatch" ("previousToken") where "previousToken" is not null`.execute(
    db,
  );
}
