import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

const BASE = '/v1/sku-variants';
const NOBODY = 'z'.repeat(24);
let made = 0;
function next(word: string): string {
  made += 1;
  return `${word} ${made}`;
}

const make = async (path: string, body: object) => textAt(await farm.ok('POST', path, body), 'id');
const aSku = () =>
  make('/v1/skus', {
    sku: next('SKU'),
    title: 'x',
    description: '',
    externalId: null,
    externalProvider: null,
    linkedParts: [],
  });
const anOption = (name = next('Option')) => make(BASE, { name, isPersonalization: false });
const aValue = (optionId: string, name = next('Value'), more = {}) =>
  make(`${BASE}/values`, { optionId, name, ...more });
const bound = (skuId: string, optionId: string, more = {}) =>
  make(`${BASE}/bindings`, { skuId, optionId, ...more });
const aProperty = (body: object) => make(`${BASE}/props`, { name: next('Property'), type: 'text', ...body });
const names = async (path: string) => listAt(await farm.ok('GET', path)).map((one) => textAt(one, 'name'));
const ids = async (path: string) => listAt(await farm.ok('GET', path)).map((one) => textAt(one, 'id'));

/** Status, code and the first wrong field of a refusal. */
async function refusal(method: string, path: string, body?: unknown): Promise<unknown[]> {
  const answer = await farm.api(method, path, body);
  return [answer.status, valueAt(answer.body, 'code'), valueAt(answer.body, 'errors', 0, 'path')];
}
const wrong = (field: string) => [400, 'validation_failed', `$input.${field}`];
const conflict = [409, 'conflict', undefined];
const missing = [404, 'not_found', undefined];

describe('names', () => {
  it('of values are compared exactly, and told apart within their option', async () => {
    const [one, other] = [await anOption(), await anOption()];
    const red = await aValue(one, 'Red');
    await aValue(one, 'red');
    await aValue(other, 'Red');
    expect(await refusal('POST', `${BASE}/values`, { optionId: one, name: 'Red' })).toEqual(conflict);
    expect(await refusal('PATCH', `${BASE}/values/${red}`, { name: 'red' })).toEqual(conflict);
    await farm.ok('PATCH', `${BASE}/values/${red}`, { name: 'Red', skuSuffixes: [] });
  });

  it('of options may be the same, but not on one SKU', async () => {
    const [one, twin, other] = [await anOption('Same'), await anOption('Same'), await anOption()];
    const skuId = await aSku();
    await bound(skuId, one);
    expect(await refusal('POST', `${BASE}/bindings`, { skuId, optionId: twin })).toEqual(conflict);
    await bound(skuId, other);
    expect(await refusal('PATCH', `${BASE}/${other}`, { name: 'Same' })).toEqual(conflict);
    await bound(await aSku(), twin);
  });

  it('of properties are told apart by what they depend on', async () => {
    const optionId = await anOption();
    const bindingId = await bound(await aSku(), optionId);
    const property = { optionId, name: 'Colour', type: 'material' };
    await aProperty(property);
    await aProperty({ ...property, bindingId });
    expect(await refusal('POST', `${BASE}/props`, property)).toEqual(conflict);
    expect(await refusal('POST', `${BASE}/props`, { ...property, bindingId })).toEqual(conflict);
    const another = await aProperty({ optionId });
    expect(await refusal('PATCH', `${BASE}/props/${another}`, { name: 'Colour' })).toEqual(conflict);
  });

  it('and suffixes hold something', async () => {
    const optionId = await anOption();
    expect(await refusal('POST', BASE, { name: '', isPersonalization: false })).toEqual(wrong('name'));
    expect(await refusal('POST', `${BASE}/values`, { optionId, name: 'x', skuSuffixes: [''] })).toEqual(
      wrong('skuSuffixes.0'),
    );
  });
});

describe('order', () => {
  it('stays total and without gaps, whatever is moved where', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })), { maxLength: 6 }),
        async (count, moves) => {
          const optionId = await anOption();
          const model: string[] = [];
          for (let index = 0; index < count; index += 1) model.push(await aValue(optionId));
          for (const [which, newOrder] of moves) {
            const [moved = ''] = model.splice(which % count, 1);
            model.splice(newOrder, 0, moved);
            await farm.ok('POST', `${BASE}/values/reorder`, { optionValueId: moved, newOrder });
          }
          const found = listAt(await farm.ok('GET', `${BASE}/${optionId}/values`));
          expect(found.map((one) => valueAt(one, 'id'))).toEqual(model);
          expect(found.map((one) => valueAt(one, 'order'))).toEqual(model.map((_, index) => index));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('writes only what moves', async () => {
    const optionId = await anOption();
    const [a, b, c] = [await aValue(optionId), await aValue(optionId), await aValue(optionId)];
    const stamps = async () =>
      new Map(
        listAt(await farm.ok('GET', `${BASE}/${optionId}/values`)).map((one) => [
          textAt(one, 'id'),
          textAt(one, 'updatedAt'),
        ]),
      );
    const before = await stamps();
    await farm.ok('POST', `${BASE}/values/reorder`, { optionValueId: c, newOrder: 1 });
    const after = await stamps();
    expect([...after.keys()]).toEqual([a, c, b]);
    expect(after.get(a)).toBe(before.get(a));
  });

  it('is chosen at creation, else the last place is taken', async () => {
    const optionId = await anOption();
    await aValue(optionId, 'B', { order: 0 });
    await aValue(optionId, 'A', { order: 0 });
    await aValue(optionId, 'C', { order: 50 });
    await aValue(optionId, 'D');
    expect(await names(`${BASE}/${optionId}/values`)).toEqual(['A', 'B', 'C', 'D']);
    const skuId = await aSku();
    const first = await bound(skuId, optionId);
    const front = await bound(skuId, await anOption(), { order: 0, filterMode: 'exclusion' });
    expect(await ids(`${BASE}/bindings?skuId=${skuId}`)).toEqual([front, first]);
  });

  it('is each SKU’s own for its options, and each binding’s for its properties', async () => {
    const [optionId, other] = [await anOption(), await anOption()];
    const [one, two] = [await aSku(), await aSku()];
    const bindings = [await bound(one, optionId), await bound(two, optionId), await bound(one, other)];
    await farm.ok('POST', `${BASE}/bindings/reorder`, { bindingId: bindings[2], newOrder: 0 });
    expect(await ids(`${BASE}/bindings?skuId=${one}`)).toEqual([bindings[2], bindings[0]]);
    expect(await farm.ok('GET', `${BASE}/bindings/${bindings[1]}`)).toMatchObject({ order: 0 });
    const [bindingId] = bindings;
    const local = [await aProperty({ optionId, bindingId }), await aProperty({ optionId, bindingId })];
    const global = await aProperty({ optionId });
    await farm.ok('POST', `${BASE}/props/reorder`, { propertyId: local[1], newOrder: 0 });
    expect(await ids(`${BASE}/bindings/${bindingId}/properties`)).toEqual(local.toReversed());
    expect(await farm.ok('GET', `${BASE}/props/${global}`)).toMatchObject({ order: 0 });
  });

  it('refuses what is no place, and what is not there', async () => {
    const optionValueId = await aValue(await anOption());
    const path = `${BASE}/values/reorder`;
    for (const newOrder of [-1, 0.5, null, '1'])
      expect(await refusal('POST', path, { optionValueId, newOrder })).toEqual(wrong('newOrder'));
    expect(await refusal('POST', path, { newOrder: 0 })).toEqual(wrong('optionValueId'));
    expect(await refusal('POST', path, { optionValueId: NOBODY, newOrder: 0 })).toEqual(missing);
  });
});

describe('a personalization', () => {
  it('is one in a store, has no values, and keeps the property of its text', async () => {
    const personal = { name: 'Personalization', isPersonalization: true };
    const optionId = await make(BASE, personal);
    expect(await refusal('POST', BASE, personal)).toEqual(conflict);
    expect(await refusal('POST', `${BASE}/values`, { optionId, name: 'x' })).toEqual(wrong('optionId'));
    expect(await refusal('POST', `${BASE}/props`, { optionId, name: 'x', type: 'text' })).toEqual(
      wrong('optionId'),
    );
    const [property = ''] = await ids(`${BASE}/props?optionId=${optionId}`);
    const held = [409, 'in_use', undefined];
    expect(await refusal('PATCH', `${BASE}/props/${property}`, { name: 'Text' })).toEqual(held);
    expect(await refusal('DELETE', `${BASE}/props/${property}`)).toEqual(held);
    const choice = await anOption();
    const skuId = await aSku();
    const compound = {
      optionId: choice,
      bindingId: await bound(skuId, choice),
      bindingId2: await bound(skuId, optionId),
    };
    expect(await refusal('POST', `${BASE}/props`, { ...compound, name: 'x', type: 'text' })).toEqual(
      wrong('bindingId2'),
    );
    await farm.ok('PATCH', `${BASE}/${optionId}`, { name: 'Engraving' });
    await farm.ok('DELETE', `${BASE}/${optionId}`);
    await farm.ok('DELETE', `${BASE}/${await make(BASE, personal)}`);
  });
});

describe('bindings', () => {
  it('are one for each SKU and option', async () => {
    const [skuId, optionId] = [await aSku(), await anOption()];
    await bound(skuId, optionId);
    expect(await refusal('POST', `${BASE}/bindings`, { skuId, optionId })).toEqual(conflict);
    expect(await refusal('POST', `${BASE}/bindings`, { skuId: NOBODY, optionId })).toEqual(missing);
    expect(await refusal('POST', `${BASE}/bindings`, { skuId, optionId: NOBODY })).toEqual(missing);
  });

  it('move to another SKU or option only while nothing hangs on them', async () => {
    const [optionId, another] = [await anOption(), await anOption()];
    const [skuId, other] = [await aSku(), await aSku()];
    const path = `${BASE}/bindings/${await bound(skuId, optionId)}`;
    await bound(other, another);
    expect(await farm.ok('PATCH', path, { skuId: other })).toMatchObject({ skuId: other, order: 1 });
    expect(await refusal('PATCH', path, { optionId: another })).toEqual(conflict);
    await farm.ok('PATCH', path, { skuId });
    expect(await farm.ok('PATCH', path, { optionId: another })).toMatchObject({ skuId, optionId: another });
    const valueIds = [await aValue(another)];
    await farm.ok('PUT', `${BASE}/filters`, { skuId, optionId: another, valueIds, filterMode: 'inclusion' });
    expect(await refusal('PATCH', path, { optionId })).toEqual([409, 'in_use', undefined]);
    await farm.ok('PUT', `${BASE}/filters`, { skuId, optionId: another, valueIds, filterMode: null });
    const property = await aProperty({ optionId: another, bindingId: path.split('/').at(-1) });
    expect(await refusal('PATCH', path, { optionId })).toEqual([409, 'in_use', undefined]);
    expect(await refusal('PATCH', path, { filterMode: 'both' })).toEqual(wrong('filterMode'));
    await farm.ok('DELETE', `${BASE}/props/${property}`);
    await farm.ok('PATCH', path, { optionId });
  });
});

describe('filters', () => {
  it('keep what stays, name values of the option alone, and are for what is bound', async () => {
    const [skuId, optionId] = [await aSku(), await anOption()];
    const [red, blue] = [await aValue(optionId), await aValue(optionId)];
    const body = { skuId, optionId, valueIds: [red], filterMode: 'inclusion' };
    const set = (changes: object) => farm.ok('PUT', `${BASE}/filters`, { ...body, ...changes });
    expect(await refusal('PUT', `${BASE}/filters`, body)).toEqual(missing);
    expect(await refusal('GET', `${BASE}/filtered-values/${skuId}/${optionId}`)).toEqual(missing);
    await bound(skuId, optionId);
    const [first] = listAt(await set({}));
    expect(listAt(await set({ valueIds: [blue, red, red] }))[1]).toEqual(first);
    const foreign = await aValue(await anOption());
    expect(await refusal('PUT', `${BASE}/filters`, { ...body, valueIds: [red, foreign] })).toEqual(
      wrong('valueIds.1'),
    );
    expect(await ids(`${BASE}/filters/${skuId}`)).toHaveLength(2);
    await farm.ok('DELETE', `${BASE}/values/${blue}`);
    await farm.ok('DELETE', `${BASE}/values/${red}`);
    expect(await ids(`${BASE}/filters/${skuId}`)).toEqual([]);
    await aValue(optionId);
    // None of what was meant to be offered is left: that is not the same as everything.
    expect(await names(`${BASE}/filtered-values/${skuId}/${optionId}`)).toEqual([]);
    for (const path of [`filters/${NOBODY}`, `filters/${NOBODY}/${optionId}`, `filters/${skuId}/${NOBODY}`])
      expect(await refusal('GET', `${BASE}/${path}`)).toEqual(missing);
  });
});

describe('properties', () => {
  it('depend on up to three bindings of one SKU, without a gap', async () => {
    const [optionId, second, third] = [await anOption(), await anOption(), await anOption()];
    const skuId = await aSku();
    const [bindingId, bindingId2, bindingId3] = [
      await bound(skuId, optionId),
      await bound(skuId, second),
      await bound(skuId, third),
    ];
    const foreign = await bound(await aSku(), second);
    const refused = (body: object) =>
      refusal('POST', `${BASE}/props`, { optionId, name: 'x', type: 'text', ...body });
    expect(await refused({ bindingId2 })).toEqual(wrong('bindingId2'));
    expect(await refused({ bindingId, bindingId3 })).toEqual(wrong('bindingId3'));
    expect(await refused({ bindingId, bindingId2: bindingId })).toEqual(wrong('bindingId2'));
    expect(await refused({ bindingId, bindingId2: foreign })).toEqual(wrong('bindingId2'));
    expect(await refused({ bindingId: bindingId2 })).toEqual(wrong('optionId'));
    expect(await refused({ bindingId: NOBODY })).toEqual(missing);
    expect(await refused({ type: 'colour' })).toEqual(wrong('type'));
    await aProperty({ optionId, bindingId, bindingId2, bindingId3 });
    await farm.ok('DELETE', `${BASE}/bindings/${bindingId3}`);
    expect(await ids(`${BASE}/bindings/${bindingId}/properties`)).toEqual([]);
  });

  it('have values of their own type, keyed by a value of each option they depend on', async () => {
    const [optionId, second] = [await anOption(), await anOption()];
    const skuId = await aSku();
    const [bindingId, bindingId2] = [await bound(skuId, optionId), await bound(skuId, second)];
    const [red, small] = [await aValue(optionId), await aValue(second)];
    const global = await aProperty({ optionId });
    const both = await aProperty({ optionId, bindingId, bindingId2 });
    const path = `${BASE}/prop-values`;
    const refused = (...values: object[]) => refusal('POST', path, { values });
    const key = { propertyId: both, optionValueId: red, optionValueId2: small };
    expect(await refused({ propertyId: both, optionValueId: red })).toEqual(wrong('optionValueId2'));
    expect(await refused({ ...key, optionValueId: small })).toEqual(wrong('optionValueId'));
    expect(await refused({ ...key, propertyId: global })).toEqual(wrong('optionValueId2'));
    expect(await refused({ ...key, optionValueId3: red })).toEqual(wrong('optionValueId3'));
    expect(await refused({ ...key, propertyId: NOBODY })).toEqual(missing);
    expect(await refused({ ...key, materialValue: [] })).toEqual(wrong('materialValue'));
    expect(await refused(key, key)).toEqual(conflict);
    expect(await farm.ok('GET', `${path}?propertyId=${both}`)).toEqual([]);
    const [first] = listAt(await farm.ok('POST', path, { values: [{ ...key, textValue: 'a' }] }));
    const id = textAt(first, 'id');
    expect(await refused(key)).toEqual(conflict);
    const update = (...updates: object[]) => refusal('PATCH', path, { updates });
    expect(await update({ id, textValue: 'b' }, { id, plateQuantitiesValue: { a: 1 } })).toEqual(
      wrong('plateQuantitiesValue'),
    );
    expect(await update({ id, textValue: 'b' }, { id: NOBODY, textValue: 'b' })).toEqual(missing);
    expect(await farm.ok('GET', `${path}/${id}`)).toMatchObject({ textValue: 'a' });
    await farm.ok('PATCH', path, { updates: [{ id, textValue: null }] });
    await farm.ok('DELETE', `${BASE}/values/${small}`);
    expect(await farm.ok('GET', `${path}?propertyId=${both}`)).toEqual([]);
  });

  it('name materials that there are, as long as there are', async () => {
    const optionId = await anOption();
    const optionValueId = await aValue(optionId);
    const value = { propertyId: await aProperty({ optionId, type: 'material' }), optionValueId };
    for (const name of ['materialId', 'variantId', 'groupId'])
      expect(
        await refusal('POST', `${BASE}/prop-values`, {
          values: [{ ...value, materialValue: [{ [name]: NOBODY }] }],
        }),
      ).toEqual(missing);
    const plain = { tags: [], filamentUserProfileId: null, filamentSystemProfileId: null };
    const materialId = await make('/v1/materials', { name: next('PLA'), brand: 'A', type: 'PLA', ...plain });
    const variantId = await make('/v1/materials/variants', { name: 'x', materialId, color: null, ...plain });
    const materialValue = [{ variantId }, { materialId }, { materialType: 'PLA' }];
    const [made] = listAt(
      await farm.ok('POST', `${BASE}/prop-values`, { values: [{ ...value, materialValue }] }),
    );
    expect(made).toMatchObject({ materialValue });
    const left = async () =>
      valueAt(await farm.ok('GET', `${BASE}/prop-values/${textAt(made, 'id')}`), 'materialValue');
    await farm.ok('DELETE', `/v1/materials/variants/${variantId}`);
    expect(await left()).toEqual([{ materialId }, { materialType: 'PLA' }]);
    await farm.ok('DELETE', `/v1/materials/${materialId}`);
    expect(await left()).toEqual([{ materialType: 'PLA' }]);
    const wild = { ...value, materialValue: [{ type: 'PLA', color: '#FF0000FF' }] };
    const refused = await farm.api('POST', `${BASE}/prop-values`, { values: [wild] });
    expect(valueAt(refused.body, 'errors')).toEqual([
      {
        path: '$input.values.0.materialValue.0',
        expected: 'an object with groupId, or with variantId, or with materialId, or with materialType',
        value: '[object]',
      },
    ]);
  });
});

describe('the spellings that clients guess', () => {
  it('serve what the contract’s own do', async () => {
    const skuId = await aSku();
    const optionId = await make('/v1/sku-options', { name: 'Material Color', isPersonalization: false });
    const red = await make('/v1/sku-option-values', { optionId, name: 'Red', order: 0 });
    const blue = await make('/v1/sku-option-values', { optionId, name: 'Blue', order: 1 });
    const bindingId = await make('/v1/sku-option-bindings', { optionId, skuId, order: 0, filterMode: null });
    const filter = { bindingId, skuId, optionId, optionValueId: red };
    const filterId = await make('/v1/sku-option-value-filters', filter);
    expect(await refusal('POST', '/v1/sku-option-value-filters', filter)).toEqual(conflict);
    const misplaced = { ...filter, skuId: await aSku(), optionValueId: blue };
    expect(await refusal('POST', '/v1/sku-option-value-filters', misplaced)).toEqual(wrong('skuId'));
    const property = { optionId, bindingId, name: 'Color', type: 'material', order: 0 };
    const propertyId = await make('/v1/sku-option-properties', property);
    const value = { propertyId, optionValueId: red, materialValue: [{ materialType: 'PLA' }] };
    const valueId = await make('/v1/sku-option-property-values', value);
    const set = { values: [{ ...value, optionValueId: blue }] };
    expect(listAt(await farm.ok('POST', '/v1/sku-option-property-values', set))).toHaveLength(1);
    await farm.ok('PATCH', `/v1/sku-option-bindings/${bindingId}`, { filterMode: 'inclusion' });
    expect(await names(`${BASE}/filtered-values/${skuId}/${optionId}`)).toEqual(['Red']);
    for (const [path, id] of [
      ['values', red],
      ['bindings', bindingId],
      ['properties', propertyId],
      ['property-values', valueId],
    ])
      expect(await farm.ok('GET', `/v1/sku-option-${path}/${id}`)).toMatchObject({ id });
    expect(await ids('/v1/sku-option-value-filters')).toContain(filterId);
    expect(await names(`/v1/sku-option-values?optionId=${optionId}`)).toEqual(['Red', 'Blue']);
    const written = await farm.ok('GET', `/v1/audit-logs?entityIdSearch=${red}`);
    expect(listAt(written).map((one) => valueAt(one, 'detailedAction'))).toContain('skuOptionValue.create');
    await farm.ok('DELETE', `/v1/sku-option-values/${blue}`);
  });
});

describe('a deleted option', () => {
  it('takes its bindings out of linked parts, and leaves what they have from elsewhere', async () => {
    const [optionId, other] = [await anOption(), await anOption()];
    const [gone, stays] = [await aProperty({ optionId }), await aProperty({ optionId: other })];
    const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
    const partId = await make('/v1/parts', { name: 'P', type: 'gcode3mf', fileUris });
    const linked = await make('/v1/linked-parts', {
      skuId: await aSku(),
      partId,
      parameters: [],
      quantity: 1,
      label: 'P',
      exposedParameters: [],
      parameterBindings: { width: gone, height: stays },
      materialAssignments: { 0: [{ propertyId: gone }], 1: [{ propertyId: gone }, { materialType: 'PLA' }] },
      plateQuantitiesBinding: gone,
    });
    expect(await farm.ok('DELETE', `${BASE}/${optionId}`)).toEqual([gone, optionId]);
    expect(await farm.ok('GET', `/v1/linked-parts/${linked}`)).toMatchObject({
      parameterBindings: { height: stays },
      materialAssignments: { 1: [{ materialType: 'PLA' }] },
      plateQuantitiesBinding: null,
    });
  });
});
