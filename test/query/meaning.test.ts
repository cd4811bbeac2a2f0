import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition, Operator, SortKey } from '../../src/query/condition.js';
import { holds, sorted } from './naive.js';
import { conditionsAtPlaces, conditionsOnWhole, objects } from './naive-json.js';
import { COLOURS, type Thing, Things, thing } from './things.js';

let things: Things;
beforeAll(async () => {
  things = await Things.open();
});
afterAll(() => things.close());

const AWKWARD = [
  '',
  'a',
  'A',
  'ab',
  'Ab%',
  'a_b',
  'axb',
  '%',
  '_',
  '\\',
  'a\\b',
  "o'hara",
  '"',
  'ä',
  'Ä',
  'ß',
  'İ',
  '😀',
  'null',
  '[x',
  '12',
  "'; drop table thing; --",
];
const words = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...AWKWARD) },
  fc.string({ unit: 'grapheme', maxLength: 4 }).filter((text) => !text.includes('\0')),
);
const counts = fc.integer({ min: -3, max: 3 });
const weights = fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4);
const TIMES = [
  '2026-02-28T23:59:59.999Z',
  '2026-03-01T00:00:00.000Z',
  '2026-03-01T10:00:00.000Z',
  '2026-03-01T23:59:59.999Z',
  '2026-03-02T00:00:00.000Z',
];
const times = fc.constantFrom(...TIMES);
const lists = fc.array(fc.constantFrom('a', 'A', 'b', 'c', '%', 'ä b', '[x'), { maxLength: 4 });
const colours = fc.constantFrom(...COLOURS);
const or = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 3 });

const rows: fc.Arbitrary<Thing> = fc.record({
  title: words,
  note: or(words),
  colour: colours,
  shade: or(colours),
  count: counts,
  weight: or(weights),
  open: fc.boolean(),
  seen: or(fc.boolean()),
  bornAt: times,
  goneAt: or(times),
  tags: lists,
  labels: or(lists),
  data: or(objects),
  createdAt: times,
});

/** The same value as a program or as an address would write it. */
const written = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(arbitrary, arbitrary.map(String));

const COMPARE: readonly Operator[] = ['gt', 'gte', 'lt', 'lte'];
const SEARCH: readonly Operator[] = ['contains', 'startsWith', 'endsWith'];

function conditionsOn(
  fields: readonly string[],
  values: fc.Arbitrary<unknown>,
  kinds: { readonly compare?: boolean; readonly search?: fc.Arbitrary<unknown>; readonly list?: boolean },
): fc.Arbitrary<Condition> {
  const several = fc.array(values, { maxLength: 3 });
  const pair = fc.tuple(values, values);
  const choices: fc.Arbitrary<[Operator, unknown]>[] = [
    fc.tuple(fc.constantFrom<Operator>('eq', 'ne'), values),
    fc.tuple(fc.constantFrom<Operator>('in', 'notIn'), several),
    fc.tuple(fc.constant<Operator>('isNull'), written(fc.boolean())),
  ];
  if (kinds.compare) {
    choices.push(fc.tuple(fc.constantFrom(...COMPARE), values));
    choices.push(fc.tuple(fc.constant<Operator>('between'), pair));
  }
  if (kinds.search) choices.push(fc.tuple(fc.constantFrom(...SEARCH), kinds.search));
  if (kinds.list) {
    const literals = lists.map((list) => JSON.stringify(list));
    choices.push(fc.tuple(fc.constantFrom<Operator>('eq', 'ne'), fc.oneof(lists, literals)));
  }
  return fc
    .tuple(fc.constantFrom(...fields), fc.oneof(...choices))
    .map(([field, [operator, value]]) => ({ kind: 'field', field, operator, value }));
}

const leaf = fc.oneof(
  conditionsOn(['title', 'note'], words, { compare: true, search: words }),
  conditionsOn(['colour', 'shade'], fc.oneof(colours, fc.constant('mauve')), { search: words }),
  conditionsOn(['count'], written(counts), { compare: true, search: counts.map(String) }),
  conditionsOn(['weight'], written(weights), { compare: true, search: weights.map(String) }),
  conditionsOn(['open', 'seen'], written(fc.boolean()), {}),
  conditionsOn(
    ['bornAt', 'goneAt'],
    fc.oneof(
      times,
      times.map((time) => Date.parse(time)),
      times.map((time) => time.slice(0, 10)),
      times.map((time) => `${time.slice(0, 10)}T${time.slice(11, 19)}+00:00`),
    ),
    { compare: true },
  ),
  conditionsOn(['tags', 'labels'], fc.constantFrom('a', 'A', 'b', '%', '[x'), { search: words, list: true }),
  conditionsOnWhole.map(
    ([operator, value]): Condition => ({ kind: 'field', field: 'data', operator, value }),
  ),
  conditionsAtPlaces.map(
    ([path, [operator, value]]): Condition => ({ kind: 'field', field: `data.${path}`, operator, value }),
  ),
);

const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: leaf },
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('tree'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
}));

const SORTABLE = Object.keys(thing.columns).filter(
  (name) => !['tags', 'labels', 'data', 'settings', 'pin', 'code', 'updatedAt'].includes(name),
);
const pages = fc.record({ limit: fc.integer({ min: 1, max: 6 }), offset: fc.integer({ min: 0, max: 4 }) });
const sorts = fc.uniqueArray(
  fc.record<SortKey>({ field: fc.constantFrom(...SORTABLE), direction: fc.constantFrom('asc', 'desc') }),
  { maxLength: 3, selector: ({ field }) => field },
);

describe('a compiled filter', () => {
  it('finds exactly the rows for which the condition holds, in the order that was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(tree, sorts, pages), { minLength: 6, maxLength: 6 }),
        async (stored, queries) => {
          await things.fill(stored);
          const all = (await things.list({})).data;
          for (const [filter, sort, page] of queries) {
            const found = await things.list({ filter, sort });
            const byDefault: readonly SortKey[] = [{ field: 'createdAt', direction: 'asc' }];
            const expected = sorted(
              all.filter((row) => holds(filter, row)),
              sort.length > 0 ? sort : byDefault,
            );
            expect(found.data).toEqual(expected);
            expect(found.total).toBe(expected.length);
            const { limit, offset } = page;
            const part = await things.list({ filter, sort, limit, offset });
            expect(part.data).toEqual(expected.slice(offset, offset + limit));
            expect(part.total).toBe(expected.length);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('never holds a value in its text', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('title', 'tags'),
        fc.constantFrom<Operator>('eq', 'ne', 'in', 'contains'),
        (field, operator) => {
          const value = 'zz9"\'; drop table thing; --';
          const { sql, parameters } = things.compile({ kind: 'field', field, operator, value });
          expect(sql).not.toContain('zz9');
          expect(JSON.stringify(parameters)).toContain('zz9');
        },
      ),
    );
  });

  it('pages through all rows once, whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { maxLength: 12 }),
        sorts,
        fc.integer({ min: 1, max: 5 }),
        async (stored, sort, limit) => {
          await things.fill(stored);
          const whole = await things.list({ sort });
          const paged: unknown[] = [];
          for (let offset = 0; offset <= stored.length; offset += limit) {
            const page = await things.list({ sort, limit, offset });
            expect(page.total).toBe(stored.length);
            paged.push(...page.data);
          }
          expect(paged).toEqual(whole.data);
        },
      ),
      { numRuns: 60 },
    );
  });
});
