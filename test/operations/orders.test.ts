import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let skuId: string;
let partId: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  const fileUris = [await farm.upload('frame.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
  const part = await farm.ok('POST', '/v1/parts', { name: 'Frame', type: 'gcode3mf', fileUris });
  partId = textAt(part, 'id');
  const made = await farm.ok('POST', '/v1/parts/create-skus', [{ partId, skuName: 'FRAME' }]);
  skuId = textAt(listAt(made)[0], 'id');
});
afterAll(() => farm.stop());

/** An order with one item of the SKU, and its ids. */
async function anOrder(given: object = {}) {
  const items = [{ sku: 'FRAME', quantity: 2 }];
  const made = await farm.ok('POST', '/v1/orders', { order: { orderNumber: '1', ...given }, items });
  return { orderId: textAt(made, 'order', 'id'), itemId: textAt(made, 'items', 0, 'id'), made };
}

const build = (orderId: string, orderItemId: string) =>
  farm.api('POST', '/v2/builds', { skus: [{ skuId, quantity: 2, order: { orderId, orderItemId } }] });
const jobsOf = async (orderId: string) => listAt(await farm.ok('GET', `/v1/print-jobs?orderId=${orderId}`));
const together = <T>(count: number, one: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => one(index)));
const statuses = async (count: number, one: (index: number) => ReturnType<TestFarm['api']>) =>
  (await together(count, one)).map((answer) => answer.status).sort();

describe('jobs for an order', () => {
  it('are found with it, are cancelled with it, and stay when it goes', async () => {
    const { orderId, itemId, made } = await anOrder();
    expect(valueAt(made, 'items', 0, 'skuId')).toBe(skuId);
    expect((await build(orderId, itemId)).status).toBe(201);
    const [list] = listAt(
      await farm.ok('GET', `/v1/orders?id=${orderId}&include=items.printJobs,printJobs.orderItem`),
    );
    expect(list).toMatchObject({
      items: [{ id: itemId, printJobs: [{ orderItemId: itemId }, {}] }],
      printJobs: [{ orderItem: { id: itemId }, status: 'pending' }, {}],
    });
    await farm.ok('POST', `/v1/orders/${orderId}/cancel`);
    const cancelled = await jobsOf(orderId);
    expect(cancelled.map((job) => valueAt(job, 'status'))).toEqual(['cancelled', 'cancelled']);
    const buildId = textAt(cancelled[0], 'partBuildId');
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({
      status: 'cancelled',
      orderId,
    });
    await farm.ok('DELETE', `/v1/orders/${orderId}`);
    expect(await jobsOf(orderId)).toEqual([]);
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({
      orderId: null,
      orderItemId: null,
      printJobs: [{ orderId: null, status: 'cancelled' }, {}],
    });
    expect(await farm.ok('GET', `/v1/sku-builds?orderId=${orderId}`)).toEqual([]);
  });

  it('are for an item that it has', async () => {
    const [one, two] = [await anOrder(), await anOrder()];
    const nobody = 'n'.repeat(24);
    for (const [orderId, itemId] of [
      [one.orderId, two.itemId],
      [one.orderId, nobody],
      [nobody, one.itemId],
    ] as const)
      expect((await build(orderId, itemId)).body).toMatchObject({ statusCode: 404, code: 'not_found' });
    expect(await jobsOf(one.orderId)).toEqual([]);
  });
});

const print = (body: object) => farm.ok('POST', '/v1/orders/print', { skuIds: [], ...body });

describe('a print of an order', () => {
  it('makes its jobs as they are asked for, and is one thing in the audit log', async () => {
    const { orderId, itemId } = await anOrder({ source: 'ebay', externalId: '#7 / 1' });
    const printerTags = { 'user.tags': 'tall', 'printer.modelName': '', shelf: 'a' };
    const answer = await print({ skuIds: [skuId], orderIds: [orderId], priority: 'low', printerTags });
    expect(answer).toEqual({
      errors: [
        expect.stringMatching(/"printer.modelName" is empty/),
        expect.stringMatching(/"shelf" is none of printer.provider, /),
      ],
    });
    const found = await farm.ok('GET', `/v1/orders/by-external/ebay/${encodeURIComponent('#7 / 1')}/jobs`);
    expect(found).toMatchObject({ orderId, jobs: await jobsOf(orderId) });
    expect(listAt(found, 'jobs')).toMatchObject(
      [1, 2].map((skuInstance) => ({
        orderItemId: itemId,
        priority: 1000,
        requiredPrinterTags: { 'user.tags': 'tall' },
        status: 'pending',
        skuInstance,
      })),
    );
    const logged = listAt(await farm.ok('GET', `/v1/audit-logs?entityIdSearch=${orderId}`));
    expect(logged.map((entry) => valueAt(entry, 'detailedAction')).sort()).toEqual([
      'order.create',
      'order.print',
    ]);
  });

  it('takes the options from the item, or from the words of the shop', async () => {
    const made = async (path: string, body: object) => textAt(await farm.ok('POST', path, body), 'id');
    const option = await made('/v1/sku-variants', { name: 'Colour', isPersonalization: false });
    const value = (name: string, ...skuSuffixes: readonly string[]) =>
      made('/v1/sku-variants/values', { optionId: option, name, skuSuffixes });
    const [red, blue] = [await value('Red', '-RD'), await value('Blue', '-BL', '-AMB')];
    await value('Amber', '-AMB');
    const property = { optionId: option, name: 'Plastic', type: 'material' };
    const propertyId = await made('/v1/sku-variants/props', property);
    const values = [
      { propertyId, optionValueId: red, materialValue: [{ materialType: 'PLA' }] },
      { propertyId, optionValueId: blue, materialValue: [{ materialType: 'PETG' }] },
    ];
    await farm.ok('POST', '/v1/sku-variants/prop-values', { values });
    const link = { partId, label: 'Frame', quantity: 1, parameters: [], exposedParameters: [] };
    const coloured = await made('/v1/skus', {
      sku: 'COLOURED',
      title: 'Coloured',
      description: '',
      externalId: null,
      externalProvider: null,
      linkedParts: [{ ...link, materialAssignments: { 0: [{ propertyId }] } }],
      optionBindings: [option],
    });
    const items = [
      { sku: 'COLOURED', quantity: 1, inputs: { Colour: 'Blue', Gift: 'yes' } },
      {
        sku: 'COLOURED',
        quantity: 1,
        inputs: { Colour: 'Blue' },
        skuConfig: { selectedOptions: { [option]: 'Red' } },
      },
      { sku: 'COLOURED', quantity: 1, inputs: { Colour: 'Green' } },
      { sku: 'COLOURED', quantity: 1 },
      // The suffix says more surely what was bought than the shop's words do.
      { sku: 'COLOURED-BL', quantity: 1, inputs: { Colour: 'Red' } },
      { sku: 'COLOURED-AMB', quantity: 1 },
    ];
    const whole = await farm.ok('POST', '/v1/orders', { order: { orderNumber: '9' }, items });
    const orderId = textAt(whole, 'order', 'id');
    expect(valueAt(whole, 'items', 4)).toMatchObject({
      skuId: coloured,
      originalSku: 'COLOURED-BL',
      skuConfig: { selectedOptions: { [option]: 'Blue' } },
      resolutionNote: null,
    });
    expect(valueAt(whole, 'items', 5)).toMatchObject({
      skuId: null,
      resolutionNote: { type: 'ambiguous_match' },
    });
    const answer = await print({ skuIds: [coloured], orderIds: [orderId] });
    expect(listAt(answer, 'errors')).toEqual([
      expect.stringContaining('cannot be "Green"'),
      expect.stringContaining('choose Colour'),
    ]);
    expect((await jobsOf(orderId)).map((job) => valueAt(job, 'materialAssignments', '0'))).toEqual([
      [{ materialType: 'PETG' }],
      [{ materialType: 'PLA' }],
      [{ materialType: 'PETG' }],
    ]);
    await farm.ok('PUT', `/v1/orders/items/${textAt(whole, 'items', 5, 'id')}`, {
      originalSku: 'COLOURED-RD',
    });
    expect(await farm.ok('GET', `/v1/orders/items/${textAt(whole, 'items', 5, 'id')}`)).toMatchObject({
      skuId: coloured,
      skuConfig: { selectedOptions: { [option]: 'Red' } },
      resolutionNote: null,
    });
  });

  it('by many at once makes each job once, and follows what is wanted', async () => {
    const { orderId, itemId } = await anOrder();
    const live = async () =>
      (await jobsOf(orderId)).filter((job) => valueAt(job, 'status') !== 'cancelled').length;
    const all = (word: string) =>
      together(6, () => farm.ok('POST', `/v1/orders/${word}`, { skuIds: [], orderIds: [orderId] }));
    expect(await all('print')).toEqual(Array.from({ length: 6 }, () => ({ errors: [] })));
    expect(await live()).toBe(2);
    await farm.ok('PUT', `/v1/orders/items/${itemId}`, { quantity: 5 });
    expect(await live()).toBe(2);
    await Promise.all([all('reconcile'), all('print'), print({ skuIds: [skuId] })]);
    expect(await live()).toBe(5);
    await farm.ok('PUT', `/v1/orders/items/${itemId}`, { quantity: 1 });
    await all('print');
    expect(await live()).toBe(1);
    await farm.ok('DELETE', `/v1/orders/items/${itemId}`);
    expect(await live()).toBe(1);
    await all('print');
    expect(await live()).toBe(0);
  });
});

describe('a shop whose orders are sent in', () => {
  const shop = { type: 'etsy', externalId: '4711', name: 'Frames' };

  it('is there once, prints its orders by itself when it is told to, and leaves them when it goes', async () => {
    const made = await farm.ok('POST', '/local/integrations', shop);
    const id = textAt(made, 'id');
    expect(made).toMatchObject({ type: 'etsy', publicData: { shopId: '4711', shopName: 'Frames' } });
    expect((await farm.api('POST', '/local/integrations', shop)).body).toMatchObject({ code: 'conflict' });
    const first = await anOrder({ integrationId: id });
    expect(await jobsOf(first.orderId)).toEqual([]);
    await farm.ok('PATCH', `/v1/integrations/etsy/${id}/settings`, { autoPrint: true });
    expect(await jobsOf(first.orderId)).toEqual([]);
    const second = await anOrder({ integrationId: id });
    expect(valueAt(second.made, 'items', 0, 'processedStatus')).toBe('processed');
    expect(await jobsOf(second.orderId)).toHaveLength(2);
    expect(await farm.ok('DELETE', `/local/integrations/${id}`)).toEqual({ id });
    expect(await farm.ok('GET', `/v1/orders/${second.orderId}/only`)).toMatchObject({ integrationId: null });
    expect(await jobsOf(second.orderId)).toHaveLength(2);
    expect((await farm.api('DELETE', `/local/integrations/${id}`)).status).toBe(404);
  });

  it('is not what the printers belong to', async () => {
    const [own] = listAt(await farm.ok('GET', '/v1/integrations?type=bambulab'));
    const answer = await farm.api('DELETE', `/local/integrations/${textAt(own, 'id')}`);
    expect(answer.body).toMatchObject({ statusCode: 409, code: 'in_use' });
    const bad = await farm.api('POST', '/local/integrations', { ...shop, type: 'bambulab' });
    expect(bad.body).toMatchObject({ code: 'validation_failed' });
  });
});

describe('several clients at once', () => {
  it('make one order of a shop’s order, and one customer of one address', async () => {
    const order = { orderNumber: 'E1', source: 'etsy', externalId: 'E1' };
    const made = await statuses(8, (index) =>
      farm.api('POST', '/v1/orders', {
        order,
        customer: { name: `Name ${index}`, email: index % 2 === 0 ? 'one@example.org' : 'ONE@example.org' },
        items: [{ sku: 'FRAME', quantity: 1 }],
      }),
    );
    expect(made).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    const found = await farm.ok('GET', '/v1/orders?externalId=E1&include=items');
    expect(found).toMatchObject([{ items: [{ quantity: 1 }] }]);
    const again = await together(8, () =>
      farm.ok('POST', '/v1/orders/customers', { email: 'One@Example.org' }),
    );
    expect(new Set(again.map((one) => textAt(one, 'id'))).size).toBe(1);
    expect(listAt(await farm.ok('GET', '/v1/orders/customers'))).toHaveLength(1);
  });

  it('lose no item that another adds, and no field that another changes', async () => {
    const { orderId, itemId } = await anOrder();
    const added = await together(10, (index) =>
      farm.ok('POST', `/v1/orders/${orderId}/items`, [
        { skuId: null, originalSku: `A${index}`, quantity: 1 },
        { skuId: null, originalSku: `B${index}`, quantity: 1 },
      ]),
    );
    expect(new Set(added.flatMap((list) => listAt(list).map((one) => textAt(one, 'id')))).size).toBe(20);
    expect(listAt(await farm.ok('GET', `/v1/orders/${orderId}/items`))).toHaveLength(21);
    const fields = [{ quantity: 7 }, { status: 'paid' }, { externalId: 'X' }, { inputs: { a: 1 } }];
    await Promise.all(fields.map((body) => farm.ok('PUT', `/v1/orders/items/${itemId}`, body)));
    expect(await farm.ok('GET', `/v1/orders/items/${itemId}`)).toMatchObject(Object.assign({}, ...fields));
  });

  it('cancel an order once, and delete it once', async () => {
    const { orderId } = await anOrder();
    const path = `/v1/orders/${orderId}`;
    expect(await statuses(5, () => farm.api('POST', `${path}/cancel`))).toEqual([201, 409, 409, 409, 409]);
    expect(await statuses(5, () => farm.api('DELETE', path))).toEqual([200, 404, 404, 404, 404]);
  });

  it('ignore every code that one of them adds', async () => {
    const path = '/v1/orders/ignored-skus';
    await together(10, (index) => farm.ok('PATCH', path, { add: [`GIFT-${index}`] }));
    await together(3, () => farm.ok('GET', path));
    const [list, ...others] = listAt(await farm.ok('GET', '/v1/ignored-skus'));
    expect(others).toEqual([]);
    expect([...listAt(list, 'skus')].sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => `GIFT-${index}`),
    );
  });
});

describe('what is written down of an order', () => {
  it('is that it was made, not each of its items', async () => {
    const { orderId, itemId } = await anOrder();
    const entries = async (id: string) => listAt(await farm.ok('GET', `/v1/audit-logs?entityIdSearch=${id}`));
    expect(await entries(orderId)).toMatchObject([{ entityType: 'Orders', detailedAction: 'order.create' }]);
    expect(await entries(itemId)).toEqual([]);
    await farm.ok('PUT', `/v1/orders/items/${itemId}`, { quantity: 3 });
    expect(await entries(itemId)).toMatchObject([
      { entityType: 'OrderItems', changes: [{ field: 'quantity', oldValue: 2, newValue: 3 }] },
    ]);
  });
});

describe('refusals', () => {
  it.each<[string, object, string]>([
    ['no number', { order: {} }, '$input.order.orderNumber'],
    ['a number that is empty', { order: { orderNumber: '' } }, '$input.order.orderNumber'],
    ['a shop that there is not', { order: { orderNumber: '1', source: 'amazon' } }, '$input.order.source'],
    ['a time that is none', { order: { orderNumber: '1', deadline: '2026-02-30' } }, '$input.order.deadline'],
    ['no copy', { order: { orderNumber: '1' }, items: [{ quantity: 0 }] }, '$input.items.0.quantity'],
    ['half a copy', { order: { orderNumber: '1' }, items: [{ quantity: 1.5 }] }, '$input.items.0.quantity'],
    ['a customer without a name', { order: { orderNumber: '1' }, customer: {} }, '$input'],
  ])('name what is wrong: %s', async (_what, body, path) => {
    const answer = await farm.api('POST', '/v1/orders', body);
    expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed', errors: [{ path }] });
  });

  it('say which customer, integration or SKU there is not', async () => {
    const nobody = 'n'.repeat(24);
    for (const body of [
      { order: { orderNumber: '1', customerId: nobody } },
      { order: { orderNumber: '1', integrationId: nobody } },
      { order: { orderNumber: '1' }, items: [{ skuId: nobody, quantity: 1 }] },
    ]) {
      const answer = await farm.api('POST', '/v1/orders', body);
      expect(answer.body).toMatchObject({ statusCode: 404, message: expect.stringContaining(nobody) });
    }
  });
});
