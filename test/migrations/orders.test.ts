import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { newId } from '../../src/contract/ids.js';
import { createStore, systemContext } from '../../src/domain/stores.js';
import { printJob } from '../../src/resources/index.js';
import { jobs } from '../domain/rows.js';
import { openAfter } from '../fixtures/database.js';

const STEP = MIGRATIONS.findIndex(({ name }) => name === '0012_orders');

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'printfarmd-migration-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('0012 keeps the jobs of a filled farm, and the ids of orders in them', async () => {
  const before = await openAfter(dataDir, STEP, true);
  const { id: storeId } = await createStore(before, 'Farm');
  const [orderId, orderItemId] = [newId(), newId()];
  await before.write(systemContext(storeId), async (tx) => {
    const [id = ''] = await jobs(tx, 3);
    await tx.update(printJob, id, { orderId, orderItemId });
  });
  const had = await before.read.selectFrom('printJob').selectAll().execute();
  const integrations = await before.read.selectFrom('integration').selectAll().execute();
  await before.close();

  const after = await openAfter(dataDir, STEP + 1, false);
  expect(await after.read.selectFrom('printJob').selectAll().execute()).toEqual(had);
  expect(had.filter((job) => job.orderId === orderId)).toMatchObject([{ orderItemId }]);
  expect(await after.read.selectFrom('integration').selectAll().execute()).toEqual(integrations);
  for (const table of ['order', 'orderItem', 'customer', 'ignoredSku'] as const)
    expect(await after.read.selectFrom(table).selectAll().execute()).toEqual([]);
  await after.close();
});
