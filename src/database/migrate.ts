import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database as SqliteDatabase } from 'better-sqlite3';
import { type Kysely, sql } from 'kysely';
import { DatabaseError } from './sqlite.js';

/** One step of the schema, forward only. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

interface Options {
  readonly sqlite: SqliteDatabase;
  readonly schema: Kysely<unknown>;
  readonly migrations: readonly Migration[];
  readonly backupsDir: string;
  readonly now: () => Date;
}

/**
 * Brings the schema up to date. A filled database is copied to the backups folder first; each step and the note that
 * it was done are one transaction. A schema from a newer version is refused.
 *
 * @returns the names of the steps done now
 * @throws DatabaseError
 */
export async function migrate(options: Options): Promise<readonly string[]> {
  const { sqlite, schema, migrations } = options;
  sqlite.exec('create table if not exists "_migration" ("name" text primary key, "appliedAt" text not null)');
  const done = new Set(sqlite.prepare('select "name" from "_migration"').pluck().all().map(String));
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new DatabaseError(
      'newer',
      `The database was written by a newer version of printfarmd (it has ${unknown.join(', ')}). ` +
        'Start that version, or restore the backup made before the upgrade.',
    );
  }
  const pending = migrations.filter((migration) => !done.has(migration.name));
  const [first] = pending;
  if (!first) return [];
  if (done.size > 0) await backUp(options, first.name);
  for (const migration of pending) {
    await schema.transaction().execute(async (trx) => {
      await migration.up(trx);
      await sql`insert into "_migration" values (${migration.name}, ${options.now().toISOString()})`.execute(
        trx,
      );
    });
  }
  return pending.map((migration) => migration.name);
}

async function backUp(options: Options, before: string): Promise<void> {
  mkdirSync(options.backupsDir, { recursive: true, mode: 0o700 });
  const stamp = options.now().toISOString().replaceAll(/[:.]/g, '-');
  await options.sqlite.backup(join(options.backupsDir, `${stamp}-before-${before}.db`));
}
