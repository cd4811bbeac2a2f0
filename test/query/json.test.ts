import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/query/condition.js';
import { parseListParameters } from '../../src/query/parse-get.js';
import { parseSearch } from '../../src/query/parse-search.js';
import { at, canonical, conditionsAtPlaces, jsonHolds, objects } from './naive-json.js';
import { EXAMPLE, Things, thing } from './things.js';

let things: Things;
beforeAll(async () => {
  things = await Things.open();
});
afterAll(() => things.close());

const SAMPLE = {
  printerModel: 'Bambu Lab P1S',
  plates: [
    { id: 1, name: 'Base', weight: 12.5, hidden: false },
    { id: 2, name: 'Lid', weight: 4, hidden: true },
  ],
  'user.tags': 'fast|big',
  user: { name: 'Ada' },
  '0': 'zero',
  slicedAt: '2026-03-01T10:00:00.000Z',
  count: '7',
  nothing: null,
  empty: {},
};

async function fill(values: readonly (Record<string, unknown> | null)[]) {
  await things.fill(values.map((data, index) => ({ ...EXAMPLE, title: String(index), data })));
}
const titles = async (filter: Condition) => (await things.titles({ filter })).map(Number);

/** Titles that an address finds. */
const get = async (parameters: string) =>
  titles(parseListParameters(thing, [...new URLSearchParams(parameters)], { defaultLimit: 100 }).filter);
const search = async (filter: Record<string, unknown>) =>
  titles(parseSearch(thing, { filter }, { defaultLimit: 100 }).filter);

describe('a place inside JSON', () => {
  beforeAll(() => fill([SAMPLE, { printerModel: 'other' }, {}, null]));

  it.each([
    ['data.printerModel=Bambu Lab P1S', [0]],
    ['data.printerModel.ne=other', [0, 2, 3]],
    ['data.printerModel.in=other,none', [1]],
    ['data.printerModel.notIn=other', [0, 2, 3]],
    ['data.printerModel.contains=lab p', [0]],
    ['data.printerModel.isNull=true', [2, 3]],
    ['data.printerModel.isNull=false', [0, 1]],
    ['data.nothing.isNull=true', [0, 1, 2, 3]],
    ['data.plates.1.name=Lid', [0]],
    ['data.plates.0.weight.gt=12', [0]],
    ['data.plates.0.weight.between=12.5,13', [0]],
    ['data.plates.0.weight.lt=12.5', []],
    ['data.plates.0.weight=12.50', [0]],
    ['data.plates.1.hidden=true', [0]],
    ['data.plates.1.hidden.eq=false', []],
    ['data.plates.1.hidden.startsWith=tr', [0]],
    ['data.user.tags.contains=big', [0]],
    ['data.user.name=Ada', [0]],
    ['data.0=zero', [0]],
    ['data.count=7', [0]],
    ['data.count.gt=6', []],
    ['data.slicedAt.gte=2026-03-01', [0]],
    ['data.slicedAt.gt=2026-03-01T10:00:00Z', []],
    ['data.empty={}', []],
    ['data.plates.0.name.contains=%25', []],
  ])('is found by %s', async (parameters, expected) => {
    expect(await get(parameters)).toEqual(expected);
  });

  it('is compared whole in a search', async () => {
    expect(await search({ 'data.user': { eq: { name: 'Ada' } } })).toEqual([0]);
    expect(await search({ 'data.empty': { eq: {} } })).toEqual([0]);
    expect(await search({ 'data.plates.0.id': [1, 9] })).toEqual([0]);
    expect(await search({ 'data.plates.0.id': 2 })).toEqual([]);
    expect(await search({ 'data.nothing': { eq: null } })).toEqual([0, 1, 2, 3]);
    expect(await search({ 'data.plates.1.hidden': true })).toEqual([0]);
  });

  it('is named by keys alone', async () => {
    for (const path of ['data.', 'data..a', 'data.a"b', 'data.a\\b', `data.${'a'.repeat(201)}`])
      await expect(search({ [path]: { eq: 'x' } })).rejects.toMatchObject({ code: 'validation_failed' });
    for (const path of ['title.x', 'code.x', 'nothing.x', '__proto__.x'])
      await expect(search({ [path]: { eq: 'x' } })).rejects.toMatchObject({ code: 'unknown_field' });
  });

  it('wants values that can be compared', async () => {
    await expect(get('data.count.gt=high')).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(search({ 'data.count': { between: [1] } })).rejects.toMatchObject({
      code: 'validation_failed',
    });
    const many = Array.from({ length: 101 }, (_, index) => index);
    await expect(search({ 'data.count': { in: many } })).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await search({ 'data.count': { in: many.slice(0, 100) } })).toEqual([0]);
  });
});

describe('conditions on JSON', () => {
  it('find exactly what a slow reading finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(objects, { minLength: 1, maxLength: 6 }),
        fc.array(conditionsAtPlaces, { minLength: 8, maxLength: 8 }),
        async (stored, asked) => {
          await fill(stored);
          for (const [path, [operator, value]] of asked) {
            const found = await titles({ kind: 'field', field: `data.${path}`, operator, value });
            const expected = stored.flatMap((row, index) =>
              jsonHolds(at(row, path), operator, value) ? [index] : [],
            );
            expect(found, `${path} ${operator} ${JSON.stringify(value)}`).toEqual(expected);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('compare whole values in any order of their members', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(objects, { minLength: 1, maxLength: 5 }), objects, async (stored, value) => {
        const all = [...stored, Object.fromEntries(Object.entries(value).reverse())];
        await fill(all);
        const same = all.flatMap((row, index) => (canonical(row) === canonical(value) ? [index] : []));
        expect(await search({ data: { eq: value } })).toEqual(same);
        expect(await get(`data=${encodeURIComponent(JSON.stringify(value))}`)).toEqual(same);
        const others = all.map((_, index) => index).filter((index) => !same.includes(index));
        expect(await search({ data: { ne: value } })).toEqual(others);
      }),
      { numRuns: 60 },
    );
  });

  it('say that a whole value is compared with JSON', async () => {
    await expect(get('data=plain')).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(get('data.gt=1')).rejects.toMatchObject({ code: 'unknown_operator' });
  });
});
