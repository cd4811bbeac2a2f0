import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, operationsOf } from './contract.js';

let farm: TestFarm;
let api: ContractClient;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

let made = 0;
const ids = (found: unknown) => listAt(found).map((one) => textAt(one, 'id'));
const names = (found: unknown) => listAt(found).map((one) => textAt(one, 'name'));

async function aSku(given?: string): Promise<string> {
  made += 1;
  const code = given ?? `CODE-${made}`;
  const none = { externalId: null, externalProvider: null, linkedParts: [], description: '' };
  return textAt(await farm.ok('POST', '/v1/skus', { sku: code, title: code, ...none }), 'id');
}

describe.each(['/v1/sku-variants', '/v1/sku-options'])('%s', (base) => {
  const call = (method: string, path: string, input: Parameters<ContractClient['call']>[2] = {}) =>
    api.call(method, `${base}${path}`, input);
  const anOption = async (name: string, isPersonalization = false) =>
    textAt(await call('POST', '', { body: { name, isPersonalization } }), 'id');
  const aValue = async (optionId: string, name: string, skuSuffixes?: string[]) =>
    textAt(
      await call('POST', '/values', { body: { optionId, name, ...(skuSuffixes && { skuSuffixes }) } }),
      'id',
    );
  const bound = async (skuId: string, optionId: string) =>
    textAt(await call('POST', '/bindings', { body: { skuId, optionId } }), 'id');
  const aProperty = async (body: object) => textAt(await call('POST', '/props', { body }), 'id');

  it('options are made, found, renamed and deleted', async () => {
    const id = await anOption('Colour');
    expect(await call('GET', '/{id}', { params: { id } })).toMatchObject({
      name: 'Colour',
      isPersonalization: false,
    });
    expect(ids(await call('GET', '', { query: '?name=Colour' }))).toEqual([id]);
    const search = { filter: { name: { startsWith: 'col' } }, include: 'values,properties,bindings' };
    expect(valueAt(await call('POST', '/search', { body: search }), 'data')).toMatchObject([
      { id, values: [], properties: [], bindings: [] },
    ]);
    const body = { name: 'Color', isPersonalization: true };
    expect(await call('PATCH', '/{id}', { params: { id }, body })).toMatchObject({
      name: 'Color',
      isPersonalization: false,
    });
    expect(await call('DELETE', '/{id}', { params: { id } })).toEqual([id]);
  });

  it('values stand in an order of their own', async () => {
    const groupId = await anOption('Size');
    const [s, m, l] = [
      await aValue(groupId, 'S'),
      await aValue(groupId, 'M', ['-M']),
      await aValue(groupId, 'L'),
    ];
    const list = () => call('GET', '/{groupId}/values', { params: { groupId } });
    expect(await list()).toMatchObject([
      { id: s, order: 0, skuSuffixes: null, optionId: groupId },
      { id: m, order: 1, skuSuffixes: ['-M'] },
      { id: l, order: 2 },
    ]);
    await call('POST', '/values/reorder', { body: { optionValueId: l, newOrder: 0 } });
    expect(names(await list())).toEqual(['L', 'S', 'M']);
    const body = { name: 'Large', skuSuffixes: ['-L', '-LARGE'] };
    expect(await call('PATCH', '/values/{id}', { params: { id: l }, body })).toMatchObject(body);
    expect(await call('GET', '/values/{id}', { params: { id: l } })).toMatchObject({ ...body, order: 0 });
    expect(await call('DELETE', '/values/{id}', { params: { id: s } })).toEqual([s]);
    expect(names(await call('GET', '/values', { query: `?optionId=${groupId}` }))).toEqual(['Large', 'M']);
    expect(await call('DELETE', '/{id}', { params: { id: groupId } })).toEqual([l, m, groupId]);
  });

  it('bindings say which options a SKU has, in order, and which of their values', async () => {
    const [colour, size] = [await anOption('Colour'), await anOption('Size')];
    const [red, blue, green] = [
      await aValue(colour, 'Red'),
      await aValue(colour, 'Blue'),
      await aValue(colour, 'Green'),
    ];
    const skuId = await aSku();
    const [first, second] = [await bound(skuId, colour), await bound(skuId, size)];
    await call('POST', '/bindings/reorder', { body: { bindingId: second, newOrder: 0 } });
    expect(ids(await call('GET', '/bindings', { query: `?skuId=${skuId}` }))).toEqual([second, first]);
    const params = { skuId, optionId: colour };
    const offered = async () => names(await call('GET', '/filtered-values/{skuId}/{optionId}', { params }));
    expect(await offered()).toEqual(['Red', 'Blue', 'Green']);
    const body = { ...params, valueIds: [green, red], filterMode: 'inclusion' };
    const filters = await call('PUT', '/filters', { body });
    expect(filters).toMatchObject([
      { bindingId: first, skuId, optionId: colour, optionValueId: green },
      { optionValueId: red },
    ]);
    expect(await offered()).toEqual(['Red', 'Green']);
    const exclusion = { filterMode: 'exclusion', order: 0 };
    expect(await call('PATCH', '/bindings/{id}', { params: { id: first }, body: exclusion })).toMatchObject(
      exclusion,
    );
    expect(await offered()).toEqual(['Blue']);
    expect(await call('GET', '/bindings/{id}', { params: { id: second } })).toMatchObject({
      optionId: size,
      order: 1,
      filterMode: null,
    });
    const [greens = '', reds = ''] = ids(filters);
    expect(await call('DELETE', '/filters/{id}', { params: { id: greens } })).toEqual([greens]);
    expect(await offered()).toEqual(['Blue', 'Green']);
    expect(ids(await call('GET', '/filters/{skuId}', { params: { skuId } }))).toEqual([reds]);
    expect(ids(await call('GET', '/filters/{skuId}/{optionId}', { params }))).toEqual([reds]);
    expect(
      await call('PUT', '/filters', { body: { ...params, valueIds: [blue], filterMode: null } }),
    ).toEqual([]);
    expect(await offered()).toEqual(['Red', 'Blue', 'Green']);
    expect(await call('DELETE', '/bindings/{id}', { params: { id: first } })).toEqual([first]);
    await farm.ok('DELETE', `/v1/skus/${skuId}`);
    expect(await farm.ok('GET', `${base}/bindings?optionId=${size}`)).toEqual([]);
    for (const id of [colour, size]) await call('DELETE', '/{id}', { params: { id } });
  });

  it('properties say what each choice means, for all SKUs or for one', async () => {
    const [colour, size] = [await anOption('Colour'), await anOption('Size')];
    const [red, small] = [await aValue(colour, 'Red'), await aValue(size, 'Small')];
    const skuId = await aSku();
    const [first, second] = [await bound(skuId, colour), await bound(skuId, size)];
    const material = await aProperty({ optionId: colour, name: 'PLA colours', type: 'material' });
    const text = await aProperty({ optionId: colour, name: 'Word', type: 'text' });
    const both = await aProperty({
      optionId: colour,
      bindingId: first,
      bindingId2: second,
      name: 'Plates',
      type: 'plate_quantities',
    });
    await call('POST', '/props/reorder', { body: { propertyId: text, newOrder: 0 } });
    expect(ids(await call('GET', '/props', { query: `?optionId=${colour}&bindingId.isNull=true` }))).toEqual([
      text,
      material,
    ]);
    for (const id of [first, second])
      expect(ids(await call('GET', '/bindings/{id}/properties', { params: { id } }))).toEqual([both]);
    const name = 'Words';
    expect(await call('PATCH', '/props/{id}', { params: { id: text }, body: { name } })).toMatchObject({
      name,
    });
    expect(await call('GET', '/props/{id}', { params: { id: both } })).toMatchObject({
      bindingId: first,
      bindingId2: second,
      bindingId3: null,
      type: 'plate_quantities',
    });

    const values = [
      { propertyId: text, optionValueId: red, textValue: 'red' },
      { propertyId: material, optionValueId: red, materialValue: [{ materialType: 'PLA' }] },
      { propertyId: both, optionValueId: red, optionValueId2: small, plateQuantitiesValue: { 'Plate 1': 2 } },
    ];
    const set = ids(await call('POST', '/prop-values', { body: { values } }));
    const [asText = '', asMaterial = '', asPlates = ''] = set;
    const updates = [
      { id: asText, textValue: 'rouge' },
      { id: asPlates, plateQuantitiesValue: { 'Plate 1': 0, 'Plate 2': 3 } },
    ];
    await call('PATCH', '/prop-values', { body: { updates } });
    for (const { id, ...changed } of updates)
      expect(await call('GET', '/prop-values/{id}', { params: { id } })).toMatchObject(changed);
    const all = await call('GET', '/prop-values', { query: `?optionValueId=${red}` });
    expect(ids(all).toSorted()).toEqual(set.toSorted());
    const gone = { ids: [asMaterial, 'z'.repeat(24)] };
    expect(await call('DELETE', '/prop-values', { body: gone })).toEqual([asMaterial]);
    expect(await call('DELETE', '/props/{id}', { params: { id: text } })).toEqual([asText, text]);
    expect(new Set(listAt(await call('DELETE', '/{id}', { params: { id: colour } })))).toEqual(
      new Set([red, first, material, both, asPlates, colour]),
    );
    await call('DELETE', '/{id}', { params: { id: size } });
  });

  it('a personalization is made with the property that carries its text', async () => {
    const id = await anOption('Personalization', true);
    const properties = await call('GET', '/props', { query: `?optionId=${id}` });
    expect(properties).toMatchObject([{ name: 'Value', type: 'text', bindingId: null, order: 0 }]);
    expect(await call('DELETE', '/{id}', { params: { id } })).toEqual([...ids(properties), id]);
  });

  it('a code is matched with its SKU and what its suffixes say', async () => {
    const colour = await anOption('Colour');
    const red = await aValue(colour, 'Red', ['-RD', '/RED']);
    const skuId = await aSku('SHIRT');
    await bound(skuId, colour);
    const match = (skuString: string) =>
      call('GET', '/sku-match/{skuString}', { params: { skuString: encodeURIComponent(skuString) } });
    expect(await match('SHIRT')).toEqual({ skuId, sku: 'SHIRT', options: [] });
    const option = { optionId: colour, optionName: 'Colour', value: 'Red', valueId: red };
    for (const suffix of ['-RD', '/RED'])
      expect(await match(`SHIRT${suffix}`)).toEqual({
        skuId,
        sku: 'SHIRT',
        options: [{ ...option, suffix }],
      });
    expect(await match('SHIRT-')).toBeNull();
    expect(await match('shirt')).toBeNull();
    await farm.ok('DELETE', `/v1/skus/${skuId}`);
    await call('DELETE', '/{id}', { params: { id: colour } });
  });
});

describe('the contract’s operations on SKU options', () => {
  it('are all called here', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('options')].sort());
  });
});
