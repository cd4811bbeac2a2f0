import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition, Operator } from '../../src/query/condition.js';
import { parseListParameters } from '../../src/query/parse-get.js';
import { parseSearch } from '../../src/query/parse-search.js';
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

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, false, 0, 1, -2.5, 'a', 'A', '', '1', 'true', 'a.b', '%', 'ä'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '0', '1'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const objects = fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '0', '1'), json, { maxKeys: 4 });

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same JSON, whatever the order of its members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`;
}

/** What stands at a path: the whole of it as a key, then keys one by one, then numbers as positions. */
function at(root: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(root, path)) return root[path];
  const walk = (positions: boolean) =>
    path.split('.').reduce<unknown>((value, key) => {
      if (positions && /^\d+$/.test(key)) return Array.isArray(value) ? value[Number(key)] : undefined;
      return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }, root);
  const [plain, positioned] = [walk(false), walk(true)];
  return plain === undefined ? positioned : plain;
}

const PATHS = ['a', 'b', 'a.b', 'a.a', '0', 'a.0', 'a.1.b', 'b.0.0'];

/** What a condition at a place means, written down a second time. */
function holds(found: unknown, operator: Operator, value: unknown): boolean {
  const scalar = !isRecord(found) && !Array.isArray(found) && found !== undefined && found !== null;
  switch (operator) {
    case 'eq':
      if (typeof value === 'object')
        return typeof found === 'object' && found !== null && canonical(found) === canonical(value);
      if (!scalar) return false;
      if (typeof found === 'number') return String(value).trim() !== '' && found === Number(String(value));
      return String(found) === String(value);
    case 'ne':
      return !holds(found, 'eq', value);
    case 'in':
      return Array.isArray(value) && value.some((one) => holds(found, 'eq', one));
    case 'isNull':
      return (found === undefined || found === null) === value;
    case 'gt':
      return typeof found === 'number' && found > Number(value);
    case 'lte':
      return typeof found === 'number' && found <= Number(value);
    default: {
      if (found === undefined || found === null) return false;
      const text = scalar ? String(found) : JSON.stringify(found);
      return text.toLowerCase().includes(String(value).toLowerCase());
    }
  }
}

describe('conditions on JSON', () => {
  it('find exactly what a slow reading finds', async () => {
    const scalars = fc.constantFrom<unknown>('a', 'A', '', '1', 1, 0, -2.5, true, 'true', '%', 'ä');
    const numbers = fc.constantFrom<unknown>(0, '1', -2.5);
    const conditions = fc.tuple(
      fc.constantFrom(...PATHS),
      fc.oneof<fc.Arbitrary<readonly [Operator, unknown]>[]>(
        fc.tuple(fc.constantFrom<Operator>('eq', 'ne'), fc.oneof(scalars, objects, fc.array(json))),
        fc.tuple(fc.constant<Operator>('in'), fc.array(scalars, { maxLength: 3 })),
        fc.tuple(fc.constantFrom<Operator>('gt', 'lte'), numbers),
        fc.tuple(fc.constant<Operator>('isNull'), fc.boolean()),
        fc.tuple(fc.constant<Operator>('contains'), fc.constantFrom<unknown>('a', '1', 'tr', '%', 'ä', '[')),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(objects, { minLength: 1, maxLength: 6 }),
        fc.array(conditions, { minLength: 8, maxLength: 8 }),
        async (stored, asked) => {
          await fill(stored);
          for (const [path, [operator, value]] of asked) {
            const found = await titles({ kind: 'field', field: `data.${path}`, operator, value });
            const expected = stored.flatMap((row, index) =>
              holds(at(row, path), operator, value) ? [index] : [],
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
