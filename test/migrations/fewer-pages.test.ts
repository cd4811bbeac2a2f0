import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import type { Database } from '../../src/database/database.js';
import { systemContext } from '../../src/domain/stores.js';
import { aDispatch } from '../domain/rows.js';
import { bareStore, openAfter, withColumnsOfToday } from '../fixtures/database.js';

const STEP = MIGRATIONS.findIndex(({ name }) => name === '0006_fewer_pages');

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'printfarmd-migration-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (steps: number, create: boolean) => openAfter(dataDir, steps, create);

async function plan(db: Database, query: ReturnType<typeof sql>): Promise<string> {
  const { rows } = await sql<{ detail: string }>`explain query plan ${query}`.execute(db.read);
  return rows.map(({ detail }) => detail).join('; ');
}

it('0006 keeps what a filled farm has, and finds jobs by printer and dispatches by either token', async () => {
  const before = await open(STEP, true);
  const { id: storeId } = await bareStore(before, 'Farm');
  const printerId = 'a'.repeat(24);
  await withColumnsOfToday(before, () =>
    before.write(systemContext(storeId), async (tx) => {
      await aDispatch(tx, printerId, { token: 12, previousToken: 11 });
      for (let token = 100; token < 300; token += 1) {
        await aDispatch(tx, `${token}`, { token, endedAt: tx.now });
      }
    }),
  );
  const jobs = await before.read.selectFrom('printJob').selectAll().execute();
  await before.close();

  const after = await open(STEP + 1, false);
  expect(await after.read.selectFrom('printJob').selectAll().execute()).toEqual(jobs);
  const byToken = sql`select "id" from "dispatch" where "token" = ${11} or "previousToken" = ${11}`;
  expect((await byToken.execute(after.read)).rows).toHaveLength(1);
  expect(await plan(after, byToken)).not.toMatch(/SCAN/);
  const byPrinter = sql`select "id" from "printJob" where "assignedPrinterId" = ${printerId}`;
  expect(await plan(after, byPrinter)).toContain('INDEX job_by_printer');
  await after.close();
});

it('a new database has pages of 2 KB; one that was made before keeps its own', async () => {
  const pageSize = (file: string) => {
    const database = new BetterSqlite(file, { readonly: true });
    const size: unknown = database.pragma('page_size', { simple: true });
    database.close();
    return size;
  };
  const file = join(dataDir, 'printfarmd.db');
  const made = await open(MIGRATIONS.length, true);
  expect(pageSize(file)).toBe(2048);
  await made.close();

  rmSync(file);
  const older = new BetterSqlite(file);
  older.exec('create table "older" ("x" integer)');
  older.close();
  const opened = await open(MIGRATIONS.length, false);
  expect(pageSize(file)).toBe(4096);
  await opened.close();
});
