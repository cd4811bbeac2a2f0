import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { systemContext } from '../../src/domain/stores.js';
import { jobs } from '../domain/rows.js';
import { bareStore, openAfter } from '../fixtures/database.js';

const STEP = MIGRATIONS.findIndex(({ name }) => name === '0010_skus');

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'printfarmd-migration-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('0010 keeps the jobs and builds of a filled farm, and takes SKUs', async () => {
  const before = await openAfter(dataDir, STEP, true);
  const { id: storeId } = await bareStore(before, 'Farm');
  await before.write(systemContext(storeId), (tx) => jobs(tx, 3));
  const had = await before.read.selectFrom('printJob').selectAll().execute();
  const builds = await before.read.selectFrom('partBuild').selectAll().execute();
  await before.close();

  const after = await openAfter(dataDir, STEP + 1, false);
  expect(await after.read.selectFrom('printJob').selectAll().execute()).toEqual(had);
  expect(await after.read.selectFrom('partBuild').selectAll().execute()).toEqual(builds);
  expect(await after.read.selectFrom('sku').selectAll().execute()).toEqual([]);
  await after.close();
});
