import { type Kysely, sql } from 'kysely';
import type { Migration } from '../src/database/migrate.js';
import { begun, ended } from './entity-table.js';

/** Slicer profiles, runs of slicers, and what printers were told of the spools in their slots. */
export const profiles: Migration = { name: '0015_profiles', up };

async function up(db: Kysely<unknown>): Promise<void> {
  await ended(
    begun(db, 'profile')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('externalId', 'text')
      .addColumn('data', 'text', (c) => c.notNull())
      .addColumn('inherits', 'text', (c) => c.notNull())
      .addColumn('compatibilityList', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('metadata', 'text', (c) => c.notNull())
      .addColumn('integrationId', 'text', (c) => c.references('integration.id').onDelete('set null'))
      .addColumn('integrationType', 'text'),
  );
  await ended(
    begun(db, 'slicerJob')
      .addColumn('slicerVersion', 'text', (c) => c.notNull())
      .addColumn('fileUrl', 'text', (c) => c.notNull())
      .addColumn('machineProfileUri', 'text', (c) => c.notNull())
      .addColumn('filamentProfileUris', 'text', (c) => c.notNull())
      .addColumn('processProfileUri', 'text', (c) => c.notNull())
      .addColumn('filamentColors', 'text')
      .addColumn('plateId', 'integer', (c) => c.notNull())
      .addColumn('arrangeable', 'integer', (c) => c.notNull())
      .addColumn('outputFormat', 'text', (c) => c.notNull())
      .addColumn('partId', 'text', (c) => c.references('part.id').onDelete('set null'))
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('outputUri', 'text')
      .addColumn('logsUri', 'text')
      .addColumn('inputHash', 'text')
      .addColumn('cached', 'integer', (c) => c.notNull())
      .addColumn('errorMessage', 'text')
      .addColumn('startedAt', 'text')
      .addColumn('completedAt', 'text'),
  );
  await db.schema.alterTable('printerSlot').addColumn('awaitedData', 'text').execute();

  await sql`create unique index "profile_name" on "profile" ("storeId", "type", "name")`.execute(db);
  await sql`create index "profile_by_integration" on "profile" ("integrationId") where "integrationId" is not null`.execute(
    db,
  );
  await sql`create index "slicer_job_by_created" on "slicerJob" ("storeId", "createdAt", "id")`.execute(db);
  await sql`create index "slicer_job_by_part" on "slicerJob" ("partId") where "partId" is not null`.execute(
    db,
  );
  // A deleted profile is looked for wherever it is named; these tables are large.
  for (const table of ['part', 'printJob']) {
    await sql`create index ${sql.id(`${table}_by_profile`)} on ${sql.table(table)} ("overriddenProcessProfileId")
      where "overriddenProcessProfileId" is not null`.execute(db);
  }
  await sql`create index "material_profile_by_profile" on "materialProfileAssignment" ("userProfileId")
    where "userProfileId" is not null`.execute(db);
}
