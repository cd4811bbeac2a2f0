import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../../fixtures/farm.js';
import { type RawAnswer, send } from './raw-request.js';

/** Two scripts around curl and PowerShell, published for agents and people. Every GET asks for hints. */

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm();
  await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [farm.printerId()] });
});
afterAll(() => farm.stop());

const headers = () => ({
  'User-Agent': 'curl/8.5.0',
  Accept: '*/*',
  Authorization: `ApiKey ${farm.key}`,
  'X-Printago-StoreId': farm.storeId,
  'Content-Type': 'application/json',
});

/** As the script does it: a type for the body even where there is none. */
function call(method: string, endpoint: string, body?: string): Promise<RawAnswer> {
  const mark = endpoint.includes('?') ? '&' : '?';
  const path = method === 'GET' ? `${endpoint}${mark}hints=true` : endpoint;
  const given = body === undefined ? {} : { body };
  return send({ method, url: farm.url + path, headers: headers(), ...given });
}

/** `curl -T` says no type, the other script says bytes; both give up at anything but 200 and 201. */
async function upload(name: string, type: Readonly<Record<string, string>>): Promise<string> {
  const asked = await call('POST', '/v1/storage/signed-upload-urls', JSON.stringify({ filenames: [name] }));
  const url = textAt(asked.body, 'signedUrls', 0, 'uploadUrl');
  const sent = await send({
    method: 'PUT',
    url,
    headers: { 'User-Agent': 'curl/8.5.0', Accept: '*/*', ...type },
    body: await cube(),
  });
  expect([200, 201]).toContain(sent.status);
  return textAt(asked.body, 'signedUrls', 0, 'path');
}

async function part(name: string, path: string): Promise<string> {
  const made = await call(
    'POST',
    '/v1/parts',
    `{"name":"${name}","description":"","type":"gcode3mf","fileUris":["${path}"],"parameters":[],"printTags":{},"overriddenProcessProfileId":null}`,
  );
  expect(made.status).toBe(201);
  return textAt(made.body, 'id');
}

describe('the published scripts', () => {
  it('send files either way, make parts of them and queue prints', async () => {
    const plain = await part('Plain', await upload('plain.gcode.3mf', {}));
    await part('Bytes', await upload('bytes.gcode.3mf', { 'Content-Type': 'application/octet-stream' }));
    const built = await call('POST', '/v2/builds', `{"parts":[{"partId":"${plain}","quantity":2}]}`);
    expect(built.status).toBe(201);
  });

  it('get lists with their meta, and single entities as they are', async () => {
    const list = await call('GET', '/v1/parts?limit=1&sort=createdAt:desc&fields=id,name,createdAt');
    expect(list).toMatchObject({
      status: 200,
      body: {
        data: [{ name: 'Bytes' }],
        meta: { total: 2, count: 1, hasMore: true },
      },
    });
    const id = textAt(list.body, 'data', 0, 'id');
    expect(await call('GET', `/v1/parts/${id}`)).toMatchObject({ status: 200, body: { id, name: 'Bytes' } });
    const actions = listAt(list.body, 'hints').map((hint) => valueAt(hint, 'action'));
    expect(actions).toEqual(expect.arrayContaining(['queue_print', 'create_sku']));
    for (const path of ['/v1/stores', '/v1/materials/variants', '/v1/print-jobs/stats/completed-count'])
      expect((await call('GET', path)).status).toBe(200);
  });

  it('filter by operators of every kind', async () => {
    const names = async (query: string) =>
      listAt((await call('GET', `/v1/parts?${query}`)).body, 'data').map((one) => valueAt(one, 'name'));
    expect(await names('name.contains=PLA')).toEqual(['Plain']);
    expect(await names('name.startsWith=by&type.eq=gcode3mf')).toEqual(['Bytes']);
    expect(await names('type.in=stl,gcode3mf&name.ne=Plain')).toEqual(['Bytes']);
    expect(await names('folderId.isNull=true&createdAt.gt=2020-01-01')).toEqual(['Plain', 'Bytes']);
    expect(await names('type.in=no,such,type')).toEqual([]);
  });

  it('ask for orders by states that orders do not have, and are told that there are none', async () => {
    const order = { orderNumber: '1', status: 'open', currency: 'EUR' };
    const made = await call('POST', '/v1/orders', JSON.stringify({ order, items: [] }));
    expect(made.status, made.text).toBe(201);
    const asked = await call('GET', '/v1/orders?status.in=pending,in_progress&sort=createdAt:desc');
    expect(asked).toMatchObject({ status: 200, body: { data: [], meta: { total: 0 } } });
    expect(await call('GET', '/v1/orders?status.in=pending,open')).toMatchObject({
      body: { data: [{ orderNumber: '1' }], meta: { total: 1 } },
    });
  });

  it('print orders with a word for the priority and tags of their own', async () => {
    const partId = await part('Hook', await upload('hook.gcode.3mf', {}));
    const skus = await call('POST', '/v1/parts/create-skus', JSON.stringify([{ partId, skuName: 'HOOK' }]));
    const order = { orderNumber: '2', source: 'shopify', externalId: '2' };
    const items = [{ sku: 'HOOK', quantity: 2 }];
    const made = await call('POST', '/v1/orders', JSON.stringify({ order, items }));
    const body = {
      skuIds: [textAt(skus.body, 0, 'id')],
      orderIds: [textAt(made.body, 'order', 'id')],
      priority: 'high',
      position: 'front',
      printerTags: { shelf: 'a' },
    };
    expect(await call('POST', '/v1/orders/print', JSON.stringify(body))).toMatchObject({
      status: 201,
      body: { errors: [expect.stringContaining('"shelf"')] },
    });
    const jobs = await call('GET', '/v1/orders/by-external/shopify/2/jobs');
    expect(jobs).toMatchObject({
      status: 200,
      body: { orderId: body.orderIds[0], jobs: [{ priority: 100, status: 'pending' }, {}] },
    });
  });

  it('control jobs by the names of ids in its text', async () => {
    const ids = listAt((await call('GET', '/v1/print-jobs')).body, 'data').map((job) => textAt(job, 'id'));
    for (const act of ['pause', 'resume'])
      expect(await call('PATCH', `/v1/print-jobs/${act}`, `{"printJobId":"${ids[0]}"}`)).toMatchObject({
        status: 200,
        body: [],
      });
    const cancelled = await call('PATCH', '/v1/print-jobs/cancel', JSON.stringify({ ids }));
    expect(cancelled).toMatchObject({ status: 200, body: ids });
  });

  it('look shapes and routes up without a key', async () => {
    const look = (path: string) => send({ method: 'GET', url: `${farm.url}/v1/hints${path}` });
    expect(listAt((await look('/schema/types')).body)).toContain('Part');
    expect((await look('/schema/types/Part')).body).toMatchObject({
      properties: { name: expect.anything() },
    });
    expect(JSON.stringify((await look('/schema/paths')).body)).toContain('/v1/parts');
    expect((await look('/schema/paths/v1/parts')).status).toBe(200);
    expect((await look('/path/v1/parts')).status).toBe(200);
  });

  it('set up the options of a SKU at addresses made of their names', async () => {
    const made = async (path: string, body: object) => {
      const answer = await call('POST', path, JSON.stringify(body));
      expect(answer.status, answer.text).toBe(201);
      return textAt(answer.body, 'id');
    };
    const none = { externalId: null, externalProvider: null, linkedParts: [] };
    const sku = { sku: 'LAMP', title: 'Lamp', description: '', ...none };
    const skuId = await made('/v1/skus', sku);
    const optionId = await made('/v1/sku-options', { name: 'Colour', isPersonalization: false });
    const optionValueId = await made('/v1/sku-option-values', { optionId, name: 'Red', order: 0 });
    const binding = { optionId, skuId, order: 0, filterMode: null };
    const bindingId = await made('/v1/sku-option-bindings', binding);
    await made('/v1/sku-option-value-filters', { bindingId, skuId, optionId, optionValueId });
    const property = { optionId, bindingId, name: 'Colour', type: 'text', order: 0 };
    const propertyId = await made('/v1/sku-option-properties', property);
    await made('/v1/sku-option-property-values', { propertyId, optionValueId, textValue: 'red' });
  });

  it('change many printers at an address that is in no contract', async () => {
    const body = JSON.stringify({ ids: [farm.printerId()], data: { enabled: false } });
    expect(await call('PATCH', '/v1/printers/bulk', body)).toMatchObject({
      status: 200,
      body: [{ id: farm.printerId(), enabled: false }],
    });
  });

  it('set up the options of a SKU at addresses that are in no contract, step by step', async () => {
    const made = async (endpoint: string, body: string) => {
      const answer = await call('POST', endpoint, body);
      expect(answer.status, answer.text).toBe(201);
      return textAt(answer.body, 'id');
    };
    const partId = await part('Case', await upload('case.gcode.3mf', {}));
    const sku = await call('POST', '/v1/parts/create-skus', `[{"partId":"${partId}","skuName":"CASE"}]`);
    const skuId = textAt(sku.body, 0, 'id');
    const option = await made('/v1/sku-options', '{"name":"Material Color","isPersonalization":false}');
    const red = await made('/v1/sku-option-values', `{"optionId":"${option}","name":"Red","order":0}`);
    const binding = await made(
      '/v1/sku-option-bindings',
      `{"optionId":"${option}","skuId":"${skuId}","order":0,"filterMode":null}`,
    );
    await made(
      '/v1/sku-option-value-filters',
      `{"bindingId":"${binding}","skuId":"${skuId}","optionId":"${option}","optionValueId":"${red}"}`,
    );
    const property = await made(
      '/v1/sku-option-properties',
      `{"optionId":"${option}","bindingId":"${binding}","name":"Color","type":"material","order":0}`,
    );
    const value = (material: string) =>
      `{"propertyId":"${property}","optionValueId":"${red}","materialValue":[${material}]}`;
    // The guide names a type and a colour, which is no form of the contract: it is told those that are.
    const wrong = await call(
      'POST',
      '/v1/sku-option-property-values',
      value('{"type":"PLA","color":"#FF0000FF"}'),
    );
    expect(wrong.status).toBe(400);
    expect(textAt(wrong.body, 'message')).toContain('materialType');
    await made('/v1/sku-option-property-values', value('{"materialType":"PLA"}'));
    const linked = await call('GET', `/v1/linked-parts?skuId=${skuId}`);
    const bound = await call(
      'PATCH',
      `/v1/linked-parts/${textAt(linked.body, 'data', 0, 'id')}`,
      `{"parameterBindings":{"color_param":"${property}"}}`,
    );
    expect(bound).toMatchObject({ status: 200, body: { parameterBindings: { color_param: property } } });
    for (const path of ['/v1/sku-variants', '/v1/sku-options'])
      expect(listAt((await call('GET', path)).body, 'data')).toContainEqual(
        expect.objectContaining({ id: option }),
      );
    expect((await call('GET', '/v1/sku-variants/values')).body).toContainEqual(
      expect.objectContaining({ id: red }),
    );
  });
});
