import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { integration } from '../../src/resources/index.js';
import { writeBeside } from '../fixtures/beside.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
let etsyId: string;
let shopifyId: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  api = new ContractClient(farm);
  // No operation of the contract makes an integration with a shop.
  [etsyId, shopifyId] = await writeBeside(farm, async (tx) => {
    const { storeId } = tx.context;
    const publicData = { shopId: '4711', shopName: 'Frames', lastSyncedAt: Date.UTC(2026, 0, 1) };
    const etsy = await tx.insert(integration, { storeId, type: 'etsy', publicData });
    const shopify = await tx.insert(integration, {
      storeId,
      type: 'shopify',
      publicData: { shopName: 'Frames', shopDomain: 'frames.example' },
    });
    return [etsy.id, shopify.id] as const;
  });
});
afterAll(() => farm.stop());

const item = (sku: string, given: object = {}) => ({ sku, quantity: 1, ...given });
async function anOrder(given: object = {}): Promise<string> {
  const body = { order: { orderNumber: '1001' }, items: [item('FRAME-A4')], ...given };
  return textAt(await api.call('POST', '/v1/orders', { body }), 'order', 'id');
}
const status = async (method: string, path: string, body?: unknown) =>
  (await farm.api(method, path, body)).status;

describe('orders', () => {
  it('are made whole, read whole and read alone', async () => {
    const body = {
      order: { orderNumber: '#42', deadline: '2026-12-01', price: 19.9, currency: 'EUR' },
      customer: { name: 'Ada', email: 'ada@example.org' },
      items: [item('LAMP', { quantity: 3, inputs: { Colour: 'red' } }), item('LAMP-XL')],
    };
    const made = await api.call('POST', '/v1/orders', { body });
    expect(made).toMatchObject({
      order: { orderNumber: '#42', source: 'manual', status: 'open', deadline: '2026-12-01T00:00:00.000Z' },
      customer: { name: 'Ada', source: 'manual' },
      items: [
        { originalSku: 'LAMP', quantity: 3, inputs: { Colour: 'red' }, processedStatus: 'unprocessed' },
        { originalSku: 'LAMP-XL', quantity: 1, skuId: null, resolutionNote: { type: 'sku_not_found' } },
      ],
    });
    const orderId = textAt(made, 'order', 'id');
    const params = { orderId };
    expect(await api.call('GET', '/v1/orders/{orderId}', { params })).toEqual(made);
    expect(await api.call('GET', '/v1/orders/{orderId}/only', { params })).toEqual(valueAt(made, 'order'));
    expect(await api.call('GET', '/v1/orders/{orderId}/items', { params })).toEqual(valueAt(made, 'items'));
    const listed = await api.call('GET', '/v1/orders', {
      query: `?id=${orderId}&include=items,customer,printJobs,integration&meta=true`,
    });
    expect(valueAt(listed, 'data', 0)).toMatchObject({
      items: [{ originalSku: 'LAMP' }, { originalSku: 'LAMP-XL' }],
      customer: { name: 'Ada' },
      printJobs: [],
      integration: null,
    });
    const search = { filter: { orderNumber: '#42' }, include: 'items' };
    const found = await api.call('POST', '/v1/orders/search', { body: search });
    expect(listAt(valueAt(found, 'data', 0), 'items')).toHaveLength(2);
    const full = await api.call('GET', '/v1/orders/full');
    expect(valueAt(full, 'orders')).toContainEqual(valueAt(made, 'order'));
    expect(valueAt(full, 'orderItems')).toEqual(valueAt(made, 'items'));
    expect(valueAt(full, 'customers')).toEqual([valueAt(made, 'customer')]);
  });

  it('are changed in part, cancelled and deleted', async () => {
    const orderId = await anOrder();
    const params = { orderId };
    const body = { note: 'gift', deadline: '2026-12-24T18:00:00+01:00', id: 'x'.repeat(24) };
    expect(await api.call('PUT', '/v1/orders/{orderId}', { params, body })).toMatchObject({
      id: orderId,
      note: 'gift',
      deadline: '2026-12-24T17:00:00.000Z',
      orderNumber: '1001',
    });
    const cancelled = await api.call('POST', '/v1/orders/{orderId}/cancel', { params });
    expect(cancelled).toMatchObject({ order: { status: 'closed' }, items: [{ originalSku: 'FRAME-A4' }] });
    expect(valueAt(cancelled, 'order', 'cancelledAt')).toEqual(expect.any(String));
    const [itemId] = listAt(cancelled, 'items').map((one) => textAt(one, 'id'));
    expect(await api.call('DELETE', '/v1/orders/{orderId}', { params })).toEqual({ id: orderId });
    expect(await status('GET', `/v1/orders/${orderId}`)).toBe(404);
    expect(await status('GET', `/v1/orders/${orderId}/items`)).toBe(404);
    expect(await status('GET', `/v1/orders/items/${itemId}`)).toBe(404);
  });

  it('are closed, opened, cancelled and deleted many at once, each for itself', async () => {
    const [one, two] = [await anOrder(), await anOrder()];
    const nobody = 'n'.repeat(24);
    const body = { orderIds: [one, nobody, two, one] };
    const error = { orderId: nobody, error: expect.stringContaining(nobody) };
    const closed = await api.call('PATCH', '/v1/orders/batch/close', { body });
    expect(closed).toMatchObject({ closed: [{ id: one, status: 'closed' }, { id: two }], errors: [error] });
    const again = await api.call('PATCH', '/v1/orders/batch/close', { body: { orderIds: [one] } });
    expect(again).toMatchObject({ closed: [], errors: [{ orderId: one }] });
    const reopened = await api.call('PATCH', '/v1/orders/batch/reopen', { body });
    expect(reopened).toMatchObject({ reopened: [{ status: 'open' }, { id: two }], errors: [error] });
    const cancelled = await api.call('PATCH', '/v1/orders/batch/cancel', { body });
    expect(cancelled).toMatchObject({
      cancelled: [{ order: { id: one } }, { items: [{}] }],
      errors: [error],
    });
    const deleted = await api.call('DELETE', '/v1/orders/batch/delete', { body });
    expect(deleted).toMatchObject({ deleted: [one, two], errors: [error] });
  });

  it('asked for by states that there are not are none', async () => {
    await anOrder();
    expect(await api.call('GET', '/v1/orders', { query: '?status.in=pending,processing' })).toEqual([]);
    const open = await api.call('GET', '/v1/orders', { query: '?status.in=open,pending' });
    expect(listAt(open).length).toBeGreaterThan(0);
  });
});

describe('items', () => {
  it('are added, changed one by one and many at once, and deleted', async () => {
    const orderId = await anOrder({ items: [] });
    const params = { orderId };
    const body = [
      { skuId: null, originalSku: 'CUP', quantity: 2 },
      { skuId: null, originalSku: 'MUG', quantity: 1, processedAt: null },
    ];
    const added = await api.call('POST', '/v1/orders/{orderId}/items', { params, body });
    const [cup = '', mug = ''] = listAt(added).map((one) => textAt(one, 'id'));
    const one = { params: { itemId: cup } };
    expect(await api.call('GET', '/v1/orders/items/{itemId}', one)).toEqual(valueAt(added, 0));
    const changes = { quantity: 5, skuConfig: { selectedOptions: { size: 'L', text: null } } };
    expect(await api.call('PUT', '/v1/orders/items/{itemId}', { ...one, body: changes })).toMatchObject({
      originalSku: 'CUP',
      ...changes,
    });
    const stranger = await anOrder();
    const [strange] = listAt(await farm.ok('GET', `/v1/orders/${stranger}/items`));
    const batch = [
      { itemId: mug, changes: { status: 'paid' } },
      { itemId: textAt(strange, 'id'), changes: { quantity: 9 } },
      { itemId: cup, changes: { ignored: true } },
    ];
    const changed = await api.call('PATCH', '/v1/orders/{orderId}/items/batch', { params, body: batch });
    expect(changed).toMatchObject([
      { id: mug, status: 'paid' },
      { id: cup, ignored: true, quantity: 5 },
    ]);
    const query = `?orderId=${orderId}&quantity.gte=2`;
    for (const path of ['/v1/order-items', '/v1/orders/items'])
      expect(await api.call('GET', path, { query })).toMatchObject([{ id: cup }]);
    const filter = { orderId, ignored: true };
    const search = { filter, include: 'order,sku,printJobs' };
    expect(await api.call('POST', '/v1/order-items/search', { body: search })).toMatchObject({
      data: [{ id: cup, order: { id: orderId }, sku: null, printJobs: [] }],
    });
    expect(await api.call('DELETE', '/v1/orders/items/{itemId}', one)).toEqual({ id: cup });
    expect(await api.call('GET', '/v1/orders/{orderId}/items', { params })).toMatchObject([{ id: mug }]);
  });
});

describe('customers', () => {
  it('are made, read and found', async () => {
    const body = { name: 'Grace', email: null, phone: '+1 555' };
    const made = await api.call('POST', '/v1/orders/customers', { body });
    const customerId = textAt(made, 'id');
    const params = { customerId };
    expect(await api.call('GET', '/v1/orders/customers/{customerId}', { params })).toEqual(made);
    expect(listAt(await api.call('GET', '/v1/orders/customers'))).toContainEqual(made);
    expect(await api.call('GET', '/v1/customers', { query: '?name=Grace' })).toEqual([made]);
    const order = { orderNumber: '7', customerId };
    await anOrder({ order });
    const search = { filter: { id: customerId }, include: 'orders' };
    expect(await api.call('POST', '/v1/customers/search', { body: search })).toMatchObject({
      data: [{ name: 'Grace', orders: [order] }],
    });
  });
});

describe('ignored SKUs', () => {
  it('are one list for the store', async () => {
    const path = '/v1/orders/ignored-skus';
    expect(await api.call('PATCH', path, { body: { remove: ['WRAP'] } })).toBeNull();
    expect(await api.call('GET', '/v1/ignored-skus')).toEqual([]);
    expect(await api.call('GET', path)).toMatchObject({ skus: [] });
    const added = await api.call('PATCH', path, { body: { add: ['WRAP', 'CARD', 'WRAP'] } });
    expect(added).toMatchObject({ skus: ['WRAP', 'CARD'] });
    const body = { skus: ['WRAP', 'wrap', '__proto__'] };
    const checked = await api.call('POST', `${path}/check`, { body });
    expect(Object.entries(checked ?? {})).toEqual([
      ['WRAP', true],
      ['wrap', false],
      ['__proto__', false],
    ]);
    const off = await api.call('PATCH', path, { body: { add: ['CARD'], remove: ['CARD'] } });
    expect(off).toMatchObject({ skus: ['WRAP'] });
    expect(await api.call('GET', path)).toEqual(off);
    expect(await api.call('GET', '/v1/ignored-skus')).toEqual([off]);
    const search = { filter: { skus: 'WRAP' } };
    expect(await api.call('POST', '/v1/ignored-skus/search', { body: search })).toMatchObject({
      data: [off],
    });
  });
});

describe('integrations', () => {
  it('are those that there are', async () => {
    const all = listAt(await api.call('GET', '/v1/integrations', { query: '?sort=type' }));
    expect(all.map((one) => valueAt(one, 'type'))).toEqual(['bambulab', 'etsy', 'shopify']);
    const [local] = all;
    const params = { id: textAt(local, 'id') };
    expect(await api.call('GET', '/v1/integrations/{id}', { params })).toEqual(local);
    const search = { filter: { type: 'bambulab' } };
    expect(await api.call('POST', '/v1/integrations/search', { body: search })).toMatchObject({
      data: [local],
    });
    expect(await api.call('GET', '/v1/integrations/etsy')).toEqual([
      { integrationId: etsyId, shopId: '4711', shopName: 'Frames' },
    ]);
    expect(await api.call('GET', '/v1/integrations/shopify')).toMatchObject([
      { integrationId: shopifyId, shop: 'frames.example', shopName: 'Frames' },
    ]);
  });

  it.each(['etsy', 'shopify'])('with %s have settings, and are not connected', async (type) => {
    const params = { integrationId: type === 'etsy' ? etsyId : shopifyId };
    const path = `/v1/integrations/${type}/{integrationId}`;
    expect(await api.call('GET', `${path}/status`, { params })).toEqual({ connected: false });
    const before = await api.call('GET', `${path}/settings`, { params });
    expect(before).toMatchObject({ autoPrint: false, autoCloseOrders: 'never', ignoredVariantNames: [] });
    const body = { autoPrint: true, ignoredVariantNames: ['Gift'] };
    const after = await api.call('PATCH', `${path}/settings`, { params, body });
    expect(after).toEqual({ ...(before ?? {}), ...body });
    expect(await api.call('GET', `${path}/settings`, { params })).toEqual(after);
    expect(
      await status('PATCH', `${path.replace('{integrationId}', params.integrationId)}/settings`, {
        autoCloseOrders: 'soon',
      }),
    ).toBe(400);
  });

  it('with etsy count what came from the shop this month', async () => {
    const params = { integrationId: etsyId };
    const order = { orderNumber: 'E1', source: 'etsy', integrationId: etsyId };
    const items = ['1', '2', '2'].map((id) => item('FRAME', { externalProductId: id }));
    await anOrder({ order, items });
    expect(await api.call('GET', '/v1/integrations/etsy/{integrationId}/usage', { params })).toMatchObject({
      tier: null,
      orders: { current: 1, limit: null, remaining: null },
      listings: { current: 2, limit: null, remaining: null },
    });
  });

  it('with shopify are disconnected', async () => {
    const params = { integrationId: shopifyId };
    const path = '/v1/integrations/shopify/{integrationId}/disconnect';
    expect(await api.call('POST', path, { params })).toEqual({
      message: expect.stringContaining(shopifyId),
    });
  });

  it('that there are not are not found, nor are those of another kind', async () => {
    for (const [type, id] of [
      ['etsy', shopifyId],
      ['shopify', etsyId],
      ['etsy', 'x'],
    ] as const) {
      expect(await status('GET', `/v1/integrations/${type}/${id}/status`)).toBe(404);
      expect(await status('PATCH', `/v1/integrations/${type}/${id}/settings`, {})).toBe(404);
    }
    expect(await status('POST', `/v1/integrations/shopify/${etsyId}/disconnect`)).toBe(404);
    expect(await status('POST', '/v1/integrations/etsy/x/sync-orders')).toBe(404);
  });
});

describe('filametrics', () => {
  it('are not connected', async () => {
    expect(await api.call('GET', '/v1/filametrics/status')).toEqual({ connected: false });
    expect(await api.call('POST', '/v1/filametrics/disconnect')).toEqual({ connected: false });
  });
});

/** Needs the shop or the service itself, to which this farm has no access: refused, never feigned. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['POST', '/v1/integrations/etsy/{integrationId}/sync-orders', 'not_connected'],
  ['GET', '/v1/integrations/etsy/{integrationId}/listing/{listingId}', 'not_connected'],
  ['POST', '/v1/integrations/shopify/orders/{orderId}/retry-variant-enrichment', 'not_connected'],
  ['POST', '/v1/filametrics/connect', 'not_configured'],
];

describe('what needs a shop', () => {
  it.each(REFUSED)('%s %s answers 409 %s', async (method, template, code) => {
    const path = template
      .replace('{integrationId}', etsyId)
      .replace('{listingId}', '1')
      .replace('{orderId}', await anOrder());
    const answer = await farm.api(method, path);
    expect(answer.body).toMatchObject({ statusCode: 409, code });
  });
});

describe('jobs of orders', () => {
  it('are made, found by the shop’s id, and told what is wrong with them', async () => {
    const order = { orderNumber: 'P1', source: 'etsy', externalId: 'a/b 1' };
    const orderId = await anOrder({ order });
    const body = { skuIds: [], orderIds: [orderId], priority: 100, printerTags: { 'user.tags': 'a' } };
    for (const word of ['print', 'reconcile'])
      expect(await api.call('POST', `/v1/orders/${word}`, { body })).toEqual({
        errors: [expect.stringContaining('FRAME-A4')],
      });
    const template = '/v1/orders/by-external/{source}/{externalId}/jobs';
    const params = { source: 'etsy', externalId: encodeURIComponent('a/b 1') };
    expect(await api.call('GET', template, { params })).toEqual({ orderId, jobs: [] });
    expect(await status('GET', '/v1/orders/by-external/shopify/1/jobs')).toBe(404);
    expect(await status('POST', '/v1/orders/print', { skuIds: 'all' })).toBe(400);
    expect(await status('GET', '/v1/orders/by-external/amazon/1/jobs')).toBe(400);
  });
});

describe('the contract’s operations on orders', () => {
  it('are all called here', () => {
    const refused = REFUSED.map(([method, path]) => `${method} ${path}`);
    expect([...api.called, ...refused].sort()).toEqual([...operationsOf('orders')].sort());
  });
});
