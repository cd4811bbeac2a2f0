import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import { databaseFile } from '../../src/database/places.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
let partId: string;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  api = new ContractClient(farm);
  partId = await aPart('Frame');
});
afterAll(() => farm.stop());

async function aPart(name: string): Promise<string> {
  const fileUris = [
    await farm.upload(`${name}.gcode.3mf`, await cube({ plates: [{ name: 'Left' }, { name: 'Right' }] })),
  ];
  return textAt(await farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris }), 'id');
}

let made = 0;
const link = (given: object = {}) => ({
  partId,
  parameters: [],
  quantity: 1,
  label: 'Frame',
  exposedParameters: [],
  ...given,
});
function skuBody(given: object = {}) {
  made += 1;
  return {
    sku: `SKU-${made}`,
    title: 'A lamp',
    description: '',
    externalId: null,
    externalProvider: null,
    linkedParts: [],
    ...given,
  };
}
const aSku = (given: object = {}) => api.call('POST', '/v1/skus', { body: skuBody(given) });
const status = async (method: string, path: string, body?: unknown) =>
  (await farm.api(method, path, body)).status;
const unknown = 'u'.repeat(24);

describe('SKUs', () => {
  it('are made with their parts, read, changed and deleted in the contract’s shapes', async () => {
    const inputs = [{ id: 'x', type: 'text', name: 'Name on it', connectedPropertyId: null }];
    const links = [link(), link({ label: 'Second', quantity: 3 }), link({ label: 'Third', quantity: 0 })];
    const created = await aSku({ linkedParts: links, inputs, externalProvider: 'etsy', externalId: '42' });
    const id = textAt(created, 'id');
    expect(created).toMatchObject({ totalCogs: 0, inputs, externalProvider: 'etsy', linkedParts: links });

    const read = await api.call('GET', '/v1/skus/{id}', { params: { id } });
    expect(listAt(read, 'linkedParts').map((one) => textAt(one, 'label'))).toEqual([
      'Frame',
      'Second',
      'Third',
    ]);
    expect(valueAt(read, 'linkedParts', 0, 'part', 'name')).toBe('Frame');

    const query = `?id=${id}`;
    expect(await api.call('GET', '/v1/skus', { query })).toMatchObject([{ id, linkedParts: links }]);
    const body = { filter: { title: { contains: 'LAMP' }, id } };
    expect(await api.call('POST', '/v1/skus/search', { body })).toMatchObject({ data: [{ id }] });
    const included = await farm.ok('GET', `/v1/skus${query}&include=linkedParts.part,costs`);
    expect(valueAt(included, 0, 'linkedParts', 2, 'part', 'id')).toBe(partId);
    expect(valueAt(included, 0, 'costs')).toEqual([]);

    const changed = await api.call('PATCH', '/v1/skus/{id}', { params: { id }, body: { title: 'Lamp' } });
    expect(changed).toMatchObject({ title: 'Lamp', sku: valueAt(created, 'sku'), inputs });
    expect(listAt(await farm.ok('GET', `/v1/linked-parts?skuId=${id}`))).toHaveLength(3);

    const removed = listAt(await api.call('DELETE', '/v1/skus/{id}', { params: { id } }));
    expect(removed).toHaveLength(4);
    expect(removed.at(-1)).toBe(id);
    expect(await status('GET', `/v1/skus/${id}`)).toBe(404);
    expect(await farm.ok('GET', `/v1/linked-parts?skuId=${id}`)).toEqual([]);
  });

  it('have a code of their own: trimmed, one of a kind, upper and lower case apart', async () => {
    const id = textAt(await aSku({ sku: '  LAMP-red ' }), 'id');
    expect(await farm.ok('GET', '/v1/skus?sku=LAMP-red')).toMatchObject([{ id }]);
    const twin = await farm.api('POST', '/v1/skus', skuBody({ sku: 'LAMP-red' }));
    expect(twin.body).toMatchObject({ statusCode: 409, code: 'conflict' });
    expect(textAt(twin.body, 'message')).toContain(id);
    const other = textAt(await aSku({ sku: 'lamp-RED' }), 'id');
    expect(await status('PATCH', `/v1/skus/${other}`, { sku: 'LAMP-red' })).toBe(409);
    expect(await status('PATCH', `/v1/skus/${other}`, { sku: 'lamp-RED' })).toBe(200);
    expect(await status('POST', '/v1/skus', skuBody({ sku: '   ' }))).toBe(400);
  });

  it.each<[string, number, () => object]>([
    ['no linkedParts', 400, () => ({ linkedParts: undefined })],
    ['no externalId', 400, () => ({ externalId: undefined })],
    ['a shop that there is not', 400, () => ({ externalProvider: 'ebay' })],
    ['a part that there is not', 404, () => ({ linkedParts: [link({ partId: unknown })] })],
    ['half a part', 400, () => ({ linkedParts: [link({ quantity: 0.5 })] })],
    ['501 of a part', 400, () => ({ linkedParts: [link({ quantity: 501 })] })],
    ['a folder that there is not', 404, () => ({ folderId: unknown })],
    [
      'a material that there is not',
      404,
      () => ({ linkedParts: [link({ materialAssignments: { 0: [{ variantId: unknown }] } })] }),
    ],
  ])('are refused whole: %s', async (_what, expected, given) => {
    const before = listAt(await farm.ok('GET', '/v1/skus')).length;
    expect(await status('POST', '/v1/skus', skuBody(given()))).toBe(expected);
    expect(listAt(await farm.ok('GET', '/v1/skus'))).toHaveLength(before);
  });

  it('lie in folders of their own kind, and go with them', async () => {
    const folder = async (type: string) =>
      textAt(await farm.ok('POST', '/v1/folders', { name: type, type, parentId: null }), 'id');
    const folderId = await folder('sku');
    const id = textAt(await aSku({ folderId, linkedParts: [link()] }), 'id');
    expect(await farm.ok('GET', `/v1/folders?id=${folderId}&include=skus`)).toMatchObject([
      { skus: [{ id }] },
    ]);
    expect(await status('PATCH', `/v1/skus/${id}`, { folderId: await folder('part') })).toBe(400);
    const top = textAt(await aSku(), 'id');
    const move = (toFolderId: string) =>
      farm.api('PATCH', '/v1/folders/move', { entities: { skuIds: [top] }, toFolderId });
    expect((await move(await folder('part'))).status).toBe(400);
    expect((await move(folderId)).body).toMatchObject({ skuIds: [top] });
    await farm.ok('DELETE', '/v1/folders/delete', { folderIds: [folderId], type: 'sku' });
    expect(await status('GET', `/v1/skus/${top}`)).toBe(404);
    expect(await status('GET', `/v1/skus/${id}`)).toBe(404);
  });

  it('have options, said anew as a whole and in their order', async () => {
    const option = async (name: string) =>
      textAt(await farm.ok('POST', '/v1/sku-variants', { name, isPersonalization: false }), 'id');
    const [colour, size] = [await option('Colour'), await option('Size')];
    const id = textAt(await aSku({ optionBindings: [size, colour] }), 'id');
    const options = async () => {
      const found = await farm.ok('GET', `/v1/skus?id=${id}&include=optionBindings.option`);
      return listAt(found, 0, 'optionBindings').map((one) => textAt(one, 'option', 'name'));
    };
    expect(await options()).toEqual(['Size', 'Colour']);
    await farm.ok('PATCH', `/v1/skus/${id}`, { title: 'Other' });
    expect(await options()).toHaveLength(2);
    await farm.ok('PATCH', `/v1/skus/${id}`, { optionBindings: [colour, size] });
    expect(await options()).toEqual(['Colour', 'Size']);
    expect(await status('PATCH', `/v1/skus/${id}`, { title: 'X', optionBindings: [unknown] })).toBe(404);
    expect(await farm.ok('GET', `/v1/skus/${id}`)).toMatchObject({ title: 'Other' });
    await farm.ok('PATCH', `/v1/skus/${id}`, { optionBindings: [] });
    expect(await options()).toEqual([]);
  });

  it('are deleted together, those not there left out', async () => {
    const [first, second] = [textAt(await aSku(), 'id'), textAt(await aSku(), 'id')];
    const gone = await api.call('POST', '/v1/skus/delete-many', { body: [first, unknown, second, first] });
    expect(gone).toEqual([first, second]);
  });

  it('are made of parts in one call, all or none', async () => {
    const other = await aPart('Shade');
    const named = [
      { partId, skuName: 'Quick-1' },
      { partId: other, skuName: 'Quick-2' },
    ];
    const skus = await api.call('POST', '/v1/parts/create-skus', { body: named });
    expect(skus).toMatchObject([
      { sku: 'Quick-1', title: 'Quick-1' },
      { sku: 'Quick-2', title: 'Quick-2' },
    ]);
    const links = await farm.ok('GET', `/v1/linked-parts?partId=${other}`);
    expect(links).toMatchObject([{ quantity: 1, label: 'Shade', skuId: valueAt(skus, 1, 'id') }]);
    const again = [{ partId, skuName: 'Quick-3' }, ...named];
    expect(await status('POST', '/v1/parts/create-skus', again)).toBe(409);
    expect(await farm.ok('GET', '/v1/skus?sku=Quick-3')).toEqual([]);
    await farm.ok('DELETE', `/v1/parts/${other}`);
    expect(await farm.ok('GET', `/v1/linked-parts?partId=${other}`)).toEqual([]);
    expect(await status('GET', `/v1/skus/${textAt(skus, 1, 'id')}`)).toBe(200);
  });
});

describe('linked parts', () => {
  it('are made, read, changed and deleted by themselves', async () => {
    const skuId = textAt(await aSku({ linkedParts: [link()] }), 'id');
    const given = link({
      skuId,
      label: 'With all',
      quantity: 4,
      parameters: [{ name: 'text', type: 'string', value: 'Ada' }],
      exposedParameters: ['text'],
      materialAssignments: { 0: [{ materialType: 'PLA' }, { propertyId: 'p1' }] },
      extensions: { '3mf': { plateQuantities: { Left: 2 } } },
      parameterBindings: { text: 'p2' },
      plateQuantitiesBinding: 'p3',
    });
    const created = await api.call('POST', '/v1/linked-parts', { body: given });
    expect(created).toMatchObject(given);
    expect(created).not.toHaveProperty('position');
    const params = { id: textAt(created, 'id') };
    expect(await api.call('GET', '/v1/linked-parts/{id}', { params })).toEqual(created);
    const list = await api.call('GET', '/v1/linked-parts', { query: `?skuId=${skuId}&include=part,sku` });
    expect(listAt(list).map((one) => textAt(one, 'sku', 'id'))).toEqual([skuId, skuId]);
    const body = { filter: { label: 'With all' } };
    expect(await api.call('POST', '/v1/linked-parts/search', { body })).toMatchObject({ meta: { total: 1 } });
    const less = { quantity: 1, materialAssignments: null };
    expect(await api.call('PATCH', '/v1/linked-parts/{id}', { params, body: less })).toMatchObject({
      ...given,
      ...less,
    });
    expect(await api.call('DELETE', '/v1/linked-parts/{id}', { params })).toEqual([params.id]);
    expect(await status('GET', `/v1/linked-parts/${params.id}`)).toBe(404);
  });

  it('of a SKU are said anew as a whole; part and label know which is which', async () => {
    const id = textAt(
      await aSku({ linkedParts: [link(), link({ label: 'B' }), link({ label: 'C' })] }),
      'id',
    );
    const parts = async () => listAt(await farm.ok('GET', `/v1/skus/${id}`), 'linkedParts');
    const before = await parts();
    const idOf = (label: string) => before.find((one) => valueAt(one, 'label') === label);
    const linkedParts = [link({ label: 'C', quantity: 2 }), link({ label: 'D' }), link()];
    await farm.ok('PATCH', `/v1/skus/${id}`, { linkedParts });
    const after = await parts();
    expect(after.map((one) => valueAt(one, 'label'))).toEqual(['C', 'D', 'Frame']);
    expect(valueAt(after[0], 'id')).toBe(valueAt(idOf('C'), 'id'));
    expect(valueAt(after[2], 'id')).toBe(valueAt(idOf('Frame'), 'id'));
    expect(valueAt(after[0], 'quantity')).toBe(2);
    expect(await status('GET', `/v1/linked-parts/${textAt(idOf('B'), 'id')}`)).toBe(404);
    await farm.ok('PATCH', `/v1/skus/${id}`, { linkedParts: [] });
    expect(await parts()).toEqual([]);
  });
});

describe('costs', () => {
  const component = async (type: string, rate: number) =>
    textAt(
      await api.call('POST', '/v1/cost-components', { body: { name: type, type, unit: 'piece', rate } }),
      'id',
    );
  const cost = async (skuId: string, costComponentId: string, quantity: number) =>
    textAt(await api.call('POST', '/v1/sku-costs', { body: { skuId, costComponentId, quantity } }), 'id');

  it('are components and how much of each goes into a SKU', async () => {
    const skuId = textAt(await aSku(), 'id');
    const [box, hour] = [await component('material', 0.35), await component('labor', 21)];
    const [first, second] = [await cost(skuId, box, 3), await cost(skuId, hour, 0.1)];
    const params = { skuId };
    expect(await api.call('GET', '/v1/sku-costs/breakdown/{skuId}', { params })).toEqual({
      materials: 1.05,
      labor: 2.1,
      overhead: 0,
      total: 3.15,
    });
    expect(await farm.ok('GET', `/v1/skus/${skuId}`)).toMatchObject({ totalCogs: 3.15 });
    expect(await api.call('GET', '/v1/sku-costs/by-sku/{skuId}', { params })).toMatchObject([
      { id: first, quantity: 3, component: { id: box, rate: 0.35 } },
      { id: second, component: { id: hour } },
    ]);
    expect(await api.call('GET', '/v1/sku-costs/{id}', { params: { id: first } })).toMatchObject({ skuId });
    const query = `?skuId=${skuId}&include=component`;
    expect(await api.call('GET', '/v1/sku-costs', { query })).toMatchObject([
      { component: { name: 'material' } },
      {},
    ]);
    const search = { filter: { quantity: { gt: 1 }, skuId } };
    expect(await api.call('POST', '/v1/sku-costs/search', { body: search })).toMatchObject({
      data: [{ id: first }],
    });
    const body = { quantity: 4 };
    expect(await api.call('PATCH', '/v1/sku-costs/{id}', { params: { id: first }, body })).toMatchObject(
      body,
    );
    expect(await farm.ok('GET', `/v1/skus/${skuId}`)).toMatchObject({ totalCogs: 3.5 });
    expect(await api.call('DELETE', '/v1/sku-costs/{id}', { params: { id: second } })).toEqual({
      success: true,
    });
    expect(await farm.ok('GET', `/v1/skus/${skuId}`)).toMatchObject({ totalCogs: 1.4 });
    expect(await api.call('DELETE', '/v1/sku-costs/by-sku/{skuId}', { params })).toEqual({ success: true });
    expect(await farm.ok('GET', `/v1/skus/${skuId}`)).toMatchObject({ totalCogs: 0 });
    for (const path of ['by-sku', 'breakdown'])
      expect(await status('GET', `/v1/sku-costs/${path}/${unknown}`)).toBe(404);
    expect(await status('DELETE', `/v1/sku-costs/by-sku/${unknown}`)).toBe(404);
    expect(await status('DELETE', `/v1/sku-costs/${first}`)).toBe(404);
  });

  it('have components that stay while SKUs are made of them', async () => {
    const id = await component('overhead', 1);
    const params = { id };
    expect(await api.call('GET', '/v1/cost-components/{id}', { params })).toMatchObject({
      description: null,
    });
    const body = { rate: 1.25, description: 'Rent' };
    expect(await api.call('PATCH', '/v1/cost-components/{id}', { params, body })).toMatchObject(body);
    expect(await api.call('GET', '/v1/cost-components', { query: '?type=overhead' })).toMatchObject([{ id }]);
    const search = { filter: { rate: { between: [1.2, 1.3] } } };
    expect(await api.call('POST', '/v1/cost-components/search', { body: search })).toMatchObject({
      data: [{ id }],
    });
    const skuId = textAt(await aSku({ sku: 'Made of it' }), 'id');
    const used = await cost(skuId, id, 1);
    const refused = await farm.api('DELETE', `/v1/cost-components/${id}`);
    expect(refused.body).toMatchObject({ statusCode: 409, code: 'in_use' });
    expect(textAt(refused.body, 'message')).toContain('"Made of it"');
    await farm.ok('DELETE', `/v1/sku-costs/${used}`);
    expect(await api.call('DELETE', '/v1/cost-components/{id}', { params })).toEqual([id]);
  });

  it.each<[string, number, object]>([
    ['a component that there is not', 404, { costComponentId: unknown }],
    ['a SKU that there is not', 404, { skuId: unknown }],
    ['less than none of it', 400, { quantity: -1 }],
  ])('are refused for %s', async (_what, expected, given) => {
    const [skuId, costComponentId] = [textAt(await aSku(), 'id'), await component('labor', 1)];
    expect(await status('POST', '/v1/sku-costs', { skuId, costComponentId, quantity: 1, ...given })).toBe(
      expected,
    );
  });
});

describe('builds', () => {
  it('of SKUs are listed with their part builds, and these with their jobs', async () => {
    const skuId = textAt(await aSku({ linkedParts: [link({ quantity: 2 })] }), 'id');
    const built = await farm.ok('POST', '/v2/builds', { skus: [{ skuId, quantity: 3 }] });
    const id = textAt(built, 'skuBuilds', 0, 'id');
    const read = await api.call('GET', '/v1/sku-builds/{id}', { params: { id } });
    expect(read).toMatchObject({
      skuId,
      skuCopy: { title: 'A lamp' },
      partBuilds: [{ quantity: 6, steps: [] }],
    });
    expect(listAt(read, 'partBuilds', 0, 'printJobs')).toHaveLength(12);
    expect(await api.call('GET', '/v1/sku-builds', { query: `?skuId=${skuId}` })).toEqual([read]);
    const body = { filter: { skuId } };
    expect(await api.call('POST', '/v1/sku-builds/search', { body })).toMatchObject({ data: [read] });
  });

  it('have steps, in their order', async () => {
    const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId }] });
    const partBuildId = textAt(built, 'partBuilds', 0, 'id');
    // Sliced files take no steps: these stand for what slicing writes.
    const steps = addSteps(partBuildId, ['slic3r', 'openscad']);
    const [last = '', first = ''] = steps;
    expect(await api.call('GET', '/v1/part-build-steps/{id}', { params: { id: first } })).toMatchObject({
      builder: 'openscad',
      order: 0,
      nextStepId: null,
      requiresAssignedPrinter: false,
    });
    const query = `?partBuildId=${partBuildId}&sort=order&include=partBuild`;
    expect(await api.call('GET', '/v1/part-build-steps', { query })).toMatchObject([
      { id: first, partBuild: { id: partBuildId } },
      { id: last },
    ]);
    const body = { filter: { builder: 'slic3r' } };
    expect(await api.call('POST', '/v1/part-build-steps/search', { body })).toMatchObject({
      data: [{ id: last }],
    });
    const build = await farm.ok('GET', `/v1/part-builds/${partBuildId}`);
    expect(listAt(build, 'steps').map((one) => textAt(one, 'id'))).toEqual([first, last]);
  });
});

/** The last of them first. @returns their ids as given */
function addSteps(partBuildId: string, builders: readonly string[]): readonly string[] {
  const database = new BetterSqlite(databaseFile(farm.dataDir));
  const now = new Date().toISOString();
  const ids = builders.map((builder, at) => {
    const id = newId();
    const row = {
      id,
      storeId: farm.storeId,
      partBuildId,
      order: builders.length - 1 - at,
      builder,
      inputFiles: '["a.scad"]',
      inputParameters: '{}',
      outputFiles: '["a.stl"]',
      status: 'success',
      logs: '[]',
      requiresAssignedPrinter: builder === 'slic3r' ? 1 : 0,
      createdAt: now,
      updatedAt: now,
    };
    const names = Object.keys(row);
    const places = names.map((name) => `@${name}`).join(', ');
    database
      .prepare(
        `insert into "partBuildStep" (${names.map((name) => `"${name}"`).join(', ')}) values (${places})`,
      )
      .run(row);
    return id;
  });
  database.close();
  return ids;
}

describe('the contract’s operations on SKUs and costs', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('commerce')].sort());
  });
});
