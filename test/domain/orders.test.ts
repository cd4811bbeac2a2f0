import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import type { Change, WriteContext } from '../../src/database/change.js';
import type { Transaction } from '../../src/database/transaction.js';
import { removeEntity, updateEntity } from '../../src/domain/entities.js';
import { editIgnored } from '../../src/domain/ignored-skus.js';
import { disconnectIntegration } from '../../src/domain/integrations.js';
import { moveJob } from '../../src/domain/jobs.js';
import { addToOrder, changeItem, changeItems, removeItem } from '../../src/domain/order-items.js';
import {
  cancelOrder,
  closeOrder,
  createOrder,
  type NewOrder,
  removeOrder,
  reopenOrder,
  withEach,
} from '../../src/domain/orders.js';
import { readRow, readRows } from '../../src/query/read-rows.js';
import {
  apiKey,
  customer,
  integration,
  order,
  orderItem,
  partBuild,
  printJob,
  sku,
  store,
} from '../../src/resources/index.js';
import type { Values } from '../../src/resources/inputs.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { jobs } from './rows.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>): Promise<T> => farm.db.write(farm.context, fn);
const make = (given: Partial<NewOrder> = {}) =>
  write((tx) => createOrder(tx, { order: { orderNumber: '1' }, ...given }));
const read = (id: string) => readRow(farm.db.read, order, farm.storeId, id);
const itemsOf = (orderId: string) => readRows(farm.db.read, orderItem, farm.storeId, { orderId });
const aSku = (code: string) =>
  write((tx) =>
    tx.insert(sku, { storeId: farm.storeId, sku: code, title: code, description: '' }).then(({ id }) => id),
  );

/** An order with one item and a job in each of these states. */
async function withJobs(...states: readonly ('pending' | 'assigned' | 'cancelled')[]) {
  const orderId = await make({ items: [{ sku: 'JOBS', quantity: 1 }] });
  const [item] = await itemsOf(orderId);
  const ids = await write(async (tx) => {
    const made = await jobs(tx, states.length);
    for (const [index, id] of made.entries()) {
      const { partBuildId } = await tx.update(printJob, id, { orderId, orderItemId: item?.id ?? null });
      await tx.update(partBuild, partBuildId, { orderId, orderItemId: item?.id ?? null });
      const state = states[index] ?? 'pending';
      if (state !== 'pending') await moveJob(tx, id, state);
    }
    return made;
  });
  return { orderId, itemId: item?.id ?? '', ids };
}
const statusOf = async (id: string) => (await readRow(farm.db.read, printJob, farm.storeId, id)).status;

describe('the items of an order', () => {
  it('are of the SKU with their code or id, the id counting more', async () => {
    const [lamp, cup] = [await aSku('LAMP-1'), await aSku('CUP-1')];
    const orderId = await make({
      items: [
        { sku: ' LAMP-1 ', quantity: 1 },
        { sku: 'lamp-1', quantity: 2 },
        { skuId: cup, sku: 'LAMP-1', quantity: 3 },
        { quantity: 4 },
      ],
    });
    const note = { type: 'sku_not_found', retriable: true, message: expect.stringContaining('lamp-1') };
    expect(await itemsOf(orderId)).toMatchObject([
      { skuId: lamp, originalSku: ' LAMP-1 ', resolutionNote: null, quantity: 1 },
      { skuId: null, originalSku: 'lamp-1', resolutionNote: note, quantity: 2 },
      { skuId: cup, originalSku: 'LAMP-1', resolutionNote: null, quantity: 3 },
      { skuId: null, originalSku: null, resolutionNote: null, quantity: 4 },
    ]);
    await expect(make({ items: [{ skuId: newId(), quantity: 1 }] })).rejects.toThrow('no SKU');
  });

  it('keep their order, also beside those that come later', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `C${index}`);
    const orderId = await make({ items: names.map((code) => ({ sku: code, quantity: 1 })) });
    expect((await itemsOf(orderId)).map((item) => item.originalSku)).toEqual(names);
  });

  it('are looked for anew under another code', async () => {
    const id = await aSku('NEW-1');
    const orderId = await make({ items: [{ sku: 'OLD-1', quantity: 1 }] });
    const [item] = await itemsOf(orderId);
    const change = (values: Values) => write((tx) => changeItem(tx, item?.id ?? '', values));
    expect(await change({ originalSku: 'NEW-1' })).toMatchObject({ skuId: id, resolutionNote: null });
    expect(await change({ originalSku: 'NEW-1', quantity: 2 })).toMatchObject({ skuId: id, quantity: 2 });
    expect(await change({ originalSku: 'OLD-1' })).toMatchObject({
      skuId: null,
      resolutionNote: { type: 'sku_not_found' },
    });
  });

  it('outlive their SKU with its code', async () => {
    const id = await aSku('GONE-1');
    const orderId = await make({ items: [{ skuId: id, quantity: 1 }] });
    await write((tx) => removeEntity(tx, sku, id));
    expect(await itemsOf(orderId)).toMatchObject([
      { skuId: null, originalSku: 'GONE-1', resolutionNote: { type: 'sku_not_found' } },
    ]);
  });

  it('are ignored while their code is on the list, as long as nothing was made for them', async () => {
    const id = await aSku('WRAP-2');
    const orderId = await make({
      items: [
        { sku: 'WRAP-1', quantity: 1 },
        { skuId: id, quantity: 1 },
        { sku: 'WRAP-1', quantity: 1, processedStatus: 'processed' },
        { sku: 'OTHER', quantity: 1, ignored: true },
      ],
    });
    const flags = async () => (await itemsOf(orderId)).map((item) => item.ignored);
    const edit = (add: readonly string[], remove: readonly string[]) =>
      write((tx) => editIgnored(tx, { add, remove }));
    expect(await flags()).toEqual([false, false, false, true]);
    await edit(['WRAP-1', 'WRAP-2'], []);
    expect(await flags()).toEqual([true, true, false, true]);
    const later = await make({
      items: [
        { sku: 'WRAP-1', quantity: 1, ignored: false },
        { skuId: id, quantity: 1 },
      ],
    });
    expect((await itemsOf(later)).map((item) => item.ignored)).toEqual([true, true]);
    await edit([], ['WRAP-1']);
    expect(await flags()).toEqual([false, true, false, true]);
    await edit([], ['WRAP-2']);
    expect(await flags()).toEqual([false, false, false, true]);
  });
});

describe('a customer', () => {
  it('is found again by the shop’s id, then by the address, and stays as is', async () => {
    const of = async (given: Values, source = 'etsy') => {
      const id = await make({ order: { orderNumber: '1', source }, customer: given });
      return (await read(id)).customerId;
    };
    const first = await of({ name: 'Ada', email: 'Ada@Example.org', externalId: '7' });
    expect(await of({ name: 'A. L.', externalId: '7' })).toBe(first);
    expect(await of({ email: 'ADA@example.ORG' })).toBe(first);
    expect(await of({ name: 'Ada', externalId: '7' }, 'shopify')).not.toBe(first);
    expect(await of({ name: 'Ada' })).not.toBe(first);
    const row = await readRow(farm.db.read, customer, farm.storeId, first ?? '');
    expect(row).toMatchObject({ name: 'Ada', email: 'Ada@Example.org', source: 'etsy' });
  });

  it('has a name, an address or a number, and is said once', async () => {
    await expect(make({ customer: { countryCode: 'DE' } })).rejects.toThrow('a name, an email or a phone');
    await expect(make({ customer: { name: ' ' } })).rejects.toThrow('a name, an email or a phone');
    const customerId = (await read(await make({ customer: { phone: '1' } }))).customerId;
    const both = { order: { orderNumber: '1', customerId }, customer: { phone: '1' } };
    await expect(make(both)).rejects.toThrow('not both');
    expect(await read(await make({ order: { orderNumber: '1', customerId } }))).toMatchObject({ customerId });
  });
});

describe('an order', () => {
  it('of a shop is there once; without the shop’s id as often as one likes', async () => {
    const given = { order: { orderNumber: '9', source: 'etsy', externalId: 'E9' } };
    const id = await make(given);
    await expect(make(given)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(id),
    });
    await make({ order: { ...given.order, source: 'shopify' } });
    const [one, two] = [await make(), await make({ order: { orderNumber: '1', externalId: '' } })];
    expect(await read(two)).toMatchObject({ externalId: null, source: 'manual' });
    await write((tx) => updateEntity(tx, order, two, { externalId: '' }));
    const steal = write((tx) => updateEntity(tx, order, one, { source: 'etsy', externalId: 'E9' }));
    await expect(steal).rejects.toMatchObject({ code: 'conflict' });
    await write((tx) => updateEntity(tx, order, id, { ...given.order, note: 'same' }));
  });

  it('is made whole or not at all', async () => {
    const before = await readRows(farm.db.read, customer, farm.storeId);
    const items = [
      { sku: 'A', quantity: 1 },
      { skuId: newId(), quantity: 1 },
    ];
    const given = { order: { orderNumber: 'half' }, customer: { name: 'Half' }, items };
    await expect(make(given)).rejects.toThrow('no SKU');
    expect(await readRows(farm.db.read, order, farm.storeId, { orderNumber: 'half' })).toEqual([]);
    expect(await readRows(farm.db.read, customer, farm.storeId)).toEqual(before);
  });

  it('that is cancelled is closed, and only what waits is cancelled with it', async () => {
    const { orderId, ids } = await withJobs('pending', 'assigned', 'pending');
    await write((tx) => cancelOrder(tx, orderId));
    expect(await read(orderId)).toMatchObject({ status: 'closed', cancelledAt: expect.any(String) });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['cancelled', 'assigned', 'cancelled']);
    await expect(write((tx) => cancelOrder(tx, orderId))).rejects.toMatchObject({ code: 'invalid_state' });
  });

  it('is closed and opened again, and its jobs are left alone', async () => {
    const { orderId, ids } = await withJobs('pending');
    await write((tx) => closeOrder(tx, orderId));
    expect(await read(orderId)).toMatchObject({ status: 'closed', cancelledAt: null });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['pending']);
    await expect(write((tx) => closeOrder(tx, orderId))).rejects.toMatchObject({ code: 'invalid_state' });
    await write((tx) => cancelOrder(tx, orderId));
    await write((tx) => reopenOrder(tx, orderId));
    expect(await read(orderId)).toMatchObject({ status: 'open', cancelledAt: null });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['cancelled']);
    await expect(write((tx) => reopenOrder(tx, orderId))).rejects.toMatchObject({ code: 'invalid_state' });
  });

  it('is cancelled and opened by its fields too', async () => {
    const { orderId, ids } = await withJobs('pending');
    const put = (values: Values) => write((tx) => updateEntity(tx, order, orderId, values));
    const cancelledAt = '2026-01-01T00:00:00.000Z';
    await expect(put({ status: 'open', cancelledAt })).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await put({ cancelledAt })).toMatchObject({ status: 'closed', cancelledAt });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['cancelled']);
    // As a client does that sends back what it read.
    expect(await put({ status: 'open', cancelledAt })).toMatchObject({ status: 'open', cancelledAt: null });
  });

  it('takes its items along and leaves jobs and builds, without what waited', async () => {
    const { orderId, itemId, ids } = await withJobs('pending', 'assigned', 'cancelled');
    const heard: Change[] = [];
    const stop = farm.db.feed.on(({ changes }) => heard.push(...changes));
    await write((tx) => removeOrder(tx, orderId));
    stop();
    const left = await Promise.all(ids.map((id) => readRow(farm.db.read, printJob, farm.storeId, id)));
    expect(left.map(({ status }) => status)).toEqual(['cancelled', 'assigned', 'cancelled']);
    for (const job of left) {
      expect({ ...job }).toMatchObject({ orderId: null, orderItemId: null });
      const build = await readRow(farm.db.read, partBuild, farm.storeId, job.partBuildId);
      expect(build).toMatchObject({ orderId: null, orderItemId: null });
    }
    expect(await itemsOf(orderId)).toEqual([]);
    const gone = heard.filter(({ action }) => action === 'DELETE').map(({ resource, id }) => [resource, id]);
    expect(gone).toEqual([
      ['orderItem', itemId],
      ['order', orderId],
    ]);
  });

  it('that a person changed is not put back by the shop', async () => {
    const fetched = (items: readonly Values[]) =>
      make({ order: { orderNumber: '1', source: 'etsy' }, items: [{ sku: 'A', quantity: 1 }, ...items] });
    const synced = async (id: string) => !(await read(id)).syncDisabled;
    const first = async (id: string) => (await itemsOf(id))[0]?.id ?? '';
    const [added, changed, removed, batch] = [
      await fetched([]),
      await fetched([]),
      await fetched([]),
      await fetched([]),
    ];
    for (const id of [added, changed, removed, batch]) expect(await synced(id)).toBe(true);
    const [one, two, three] = [await first(changed), await first(removed), await first(batch)];
    await write((tx) => addToOrder(tx, added, [{ skuId: null, originalSku: 'B', quantity: 1 }]));
    await write((tx) => changeItem(tx, one, { quantity: 2 }));
    await write((tx) => removeItem(tx, two));
    await write((tx) => changeItems(tx, batch, [{ itemId: three, changes: { quantity: 2 } }]));
    for (const id of [added, changed, removed, batch]) expect(await synced(id)).toBe(false);
    const own = await make({ items: [{ sku: 'A', quantity: 1 }] });
    await write((tx) => addToOrder(tx, own, [{ skuId: null, quantity: 1 }]));
    expect(await synced(own)).toBe(true);
  });

  it('keeps the jobs of an item that goes', async () => {
    const { orderId, itemId, ids } = await withJobs('pending');
    await write((tx) => removeItem(tx, itemId));
    const [job] = await Promise.all(ids.map((id) => readRow(farm.db.read, printJob, farm.storeId, id)));
    expect(job).toMatchObject({ status: 'pending', orderId, orderItemId: null });
  });
});

describe('many orders at once', () => {
  it('are done each for itself, a name twice being one', async () => {
    const [one, two] = [await make(), await make()];
    await write((tx) => closeOrder(tx, two));
    const lost = newId();
    const result = await write((tx) => withEach(tx, [one, two, lost, one], closeOrder));
    expect(result.done).toEqual([one]);
    expect(result.errors).toMatchObject([
      { orderId: two, error: expect.stringContaining('closed already') },
      { orderId: lost, error: expect.stringContaining('no order') },
    ]);
  });
});

describe('another store', () => {
  it('sees nothing and changes nothing', async () => {
    const orderId = await make({ items: [{ sku: 'A', quantity: 1 }] });
    const [item] = await itemsOf(orderId);
    const storeId = newId();
    const context: WriteContext = { ...farm.context, storeId };
    await farm.db.write(context, (tx) => tx.insert(store, { id: storeId, storeId, name: 'Other' }));
    const there = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(context, fn);
    await expect(there((tx) => cancelOrder(tx, orderId))).rejects.toMatchObject({ code: 'not_found' });
    await expect(there((tx) => removeOrder(tx, orderId))).rejects.toMatchObject({ code: 'not_found' });
    await expect(there((tx) => addToOrder(tx, orderId, []))).rejects.toMatchObject({ code: 'not_found' });
    await expect(there((tx) => removeItem(tx, item?.id ?? ''))).rejects.toMatchObject({ code: 'not_found' });
    await there((tx) => editIgnored(tx, { add: ['A'], remove: [] }));
    expect((await itemsOf(orderId))[0]?.ignored).toBe(false);
    expect(await readRows(farm.db.read, orderItem, storeId, { orderId })).toEqual([]);
    await aSku('STORE-1');
    const own = await there((tx) =>
      createOrder(tx, { order: { orderNumber: '1' }, items: [{ sku: 'STORE-1', quantity: 1 }] }),
    );
    const [theirs] = await readRows(farm.db.read, orderItem, storeId, { orderId: own });
    expect(theirs).toMatchObject({ skuId: null, ignored: false });
  });
});

describe('an integration', () => {
  it('that is disconnected loses the keys that were made for it, and keeps its orders', async () => {
    const { id, other } = await write(async (tx) => {
      const { storeId } = tx.context;
      const made = await tx.insert(integration, { storeId, type: 'shopify' });
      const given = { storeId, secretHash: 'x', secretSalt: 'x', integrationId: made.id };
      await tx.insert(apiKey, { ...given, name: 'Made for it', managed: true });
      const own = await tx.insert(apiKey, { ...given, name: 'Made by hand' });
      return { id: made.id, other: own.id };
    });
    const orderId = await make({ order: { orderNumber: '1', source: 'shopify', integrationId: id } });
    await write((tx) => disconnectIntegration(tx, id));
    const keys = await readRows(farm.db.read, apiKey, farm.storeId);
    expect(keys.map((row) => row.id)).toEqual([other]);
    expect(await read(orderId)).toMatchObject({ integrationId: id });
  });
});
