import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/contract/errors.js';
import type { ListQuery } from '../../src/query/condition.js';
import { instant, wholeDay } from '../../src/query/dates.js';
import { parseListParameters, splitItems } from '../../src/query/parse-get.js';
import { parseSearch, searchBody } from '../../src/query/parse-search.js';
import { thing } from './things.js';

const DEFAULTS = { defaultLimit: 100 };

const get = (text: string): ListQuery => parseListParameters(thing, [...new URLSearchParams(text)], DEFAULTS);
const search = (body: object): ListQuery => parseSearch(thing, searchBody.parse(body), DEFAULTS);

function refusal(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('Nothing was refused');
}

const is = (field: string, operator: string, value: unknown) => ({ kind: 'field', field, operator, value });

describe('parameters of an address', () => {
  it('take a bare name for equality and split at the last operator', () => {
    expect(get('title=a&count.gte=2&tags.isNull=true').filter).toEqual({
      kind: 'and',
      of: expect.arrayContaining([
        is('title', 'eq', 'a'),
        is('count', 'gte', '2'),
        is('tags', 'isNull', 'true'),
      ]),
    });
  });

  it('unite repeated equalities and keep the rest apart', () => {
    expect(get('title=a&title=b&title.in=c,d').filter).toMatchObject({
      of: [is('title', 'in', ['a', 'b', 'c', 'd'])],
    });
    expect(get('count.ne=1&count.ne=2').filter).toMatchObject({
      of: [is('count', 'ne', '1'), is('count', 'ne', '2')],
    });
    expect(get('title.in=').filter).toMatchObject({ of: [is('title', 'in', [])] });
  });

  it.each([
    ['a, b ,c', ['a', 'b', 'c']],
    ['"a,b",c', ['a,b', 'c']],
    ['a\\,b,c\\\\', ['a,b', 'c\\']],
    ['"a\\"b"', ['a"b']],
    ['', []],
    ['a,', ['a', '']],
    ['" a ", b', [' a ', 'b']],
    ['a\\ ,b', ['a ', 'b']],
    ['a" b "c ', ['a b c']],
    ['""', ['']],
  ])('split %s at its commas', (text, items) => {
    expect(splitItems(text)).toEqual(items);
  });

  it('hold limit, offset, fields and sort', () => {
    expect(get('limit=5&offset=10&fields=title,count&sort=count:desc,title&meta=true')).toMatchObject({
      limit: 5,
      offset: 10,
      fields: ['id', 'storeId', 'title', 'count'],
      sort: [
        { field: 'count', direction: 'desc' },
        { field: 'title', direction: 'asc' },
      ],
      meta: true,
    });
    expect(get('hints=true')).toMatchObject({ meta: true, limit: 100, fields: null, sort: [] });
    expect(get('limit=10000').limit).toBe(10_000);
  });

  it.each([
    'limit=0',
    'limit=10001',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'offset=-1',
    'sort=title:up',
    'sort=title:asc:asc',
  ])('are refused when out of range: %s', (text) => {
    expect(refusal(() => get(text)).code).toBe('validation_failed');
  });

  it.each([
    ['colour.like=red', 'unknown_operator', 'eq'],
    ['nothing.eq=1', 'unknown_field', 'title'],
    ['title.deep.eq=1', 'unknown_field', 'title'],
    ['sort=nothing', 'unknown_field', 'title'],
    ['fields=nothing', 'unknown_field', 'title'],
    ['pin=1', 'unknown_field', 'title'],
    ['code.startsWith=1', 'unknown_field', 'title'],
    ['sort=code', 'unknown_field', 'title'],
    ['fields=pin', 'unknown_field', 'title'],
    ['hash=1', 'unknown_field', 'title'],
    ['hash.startsWith=a', 'unknown_field', 'title'],
    ['updatedAt=2026-03-01', 'unknown_field', 'title'],
    ['sort=updatedAt', 'unknown_field', 'title'],
  ])('name what there is when they are unknown: %s', (text, code, allowed) => {
    const error = refusal(() => get(text));
    expect(error.code).toBe(code);
    expect(error.details.allowed).toContain(allowed);
    expect(error.details.allowed).not.toContain('code');
    expect(error.details.allowed).not.toContain('pin');
    expect(error.details.allowed).not.toContain('updatedAt');
  });

  it('ignore a bare name that nobody knows', () => {
    expect(get('_=123&utm_x=y&constructor=1&__proto__=2&toString=3').filter).toEqual({ kind: 'and', of: [] });
  });
});

describe('a search body', () => {
  it('takes logic in either case, short forms, and several operators of one field', () => {
    expect(search({ filter: { OR: [{ title: 'a' }, { colour: ['red', 'blue'] }] } }).filter).toMatchObject({
      of: [
        {
          kind: 'or',
          of: [
            { of: [{ of: [is('title', 'eq', 'a')] }] },
            { of: [{ of: [is('colour', 'in', ['red', 'blue'])] }] },
          ],
        },
      ],
    });
    expect(search({ filter: { count: { gt: 1, lt: 5 }, not: { open: true } } }).filter).toMatchObject({
      of: [{ of: [is('count', 'gt', 1), is('count', 'lt', 5)] }, { kind: 'not' }],
    });
    expect(search({ filter: { note: { eq: null } } }).filter).toMatchObject({
      of: [{ of: [is('note', 'isNull', true)] }],
    });
    expect(search({}).filter).toEqual({ kind: 'and', of: [] });
    expect(search({ sort: ['count:desc', 'title'], fields: ['title'] })).toMatchObject({
      sort: [{ field: 'count' }, { field: 'title' }],
      fields: ['id', 'storeId', 'title'],
    });
  });

  it.each([
    ['unknown_operator', { title: { like: 'a' } }],
    ['unknown_field', { nothing: 1 }],
    ['unknown_field', { code: { startsWith: '1' } }],
    ['unknown_field', { constructor: 1 }],
    ['validation_failed', { and: { title: 'a' } }],
    ['validation_failed', { or: [1] }],
    ['validation_failed', { not: [] }],
  ])('is refused with %s for %j', (code, filter) => {
    expect(refusal(() => search({ filter })).code).toBe(code);
  });

  it('is refused when it is deeper, longer or fuller than the database takes', () => {
    let deep: object = { title: 'a' };
    for (let level = 0; level < 9; level += 1) deep = { not: deep };
    expect(refusal(() => search({ filter: deep })).message).toContain('8 levels');
    const many = (count: number, filter: object) => ({
      filter: { or: Array.from({ length: count }, () => filter) },
    });
    expect(refusal(() => search(many(201, { title: 'a' }))).message).toContain('200 conditions');
    expect(refusal(() => search(many(500, {}))).message).toContain('groups');
    const values = Array.from({ length: 1_000 }, (_, at) => `v${at}`);
    expect(refusal(() => search(many(6, { title: { in: values } }))).message).toContain('5000 values');
    expect(refusal(() => search(many(6, { tags: { eq: JSON.stringify(values) } }))).message).toContain(
      'values',
    );
  });
});

describe('times', () => {
  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:00', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00.123456Z', '2026-03-01T10:00:00.123Z'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T10:00:00 02:00', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T00:30:00-0130', '2026-03-01T02:00:00.000Z'],
    ['2026-03-01T24:00:00Z', '2026-03-02T00:00:00.000Z'],
    ['1772359200000', '2026-03-01T10:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    [1_772_359_200_000, '2026-03-01T10:00:00.000Z'],
  ])('are read from %s', (text, time) => {
    expect(instant(text)).toBe(time);
  });

  it.each([
    '',
    'foo 1',
    '1.3.2026',
    '2026-02-30',
    '2026-13-01',
    '2026-03-01T25:00',
    'March 1, 2026',
    '2026-03-01T10',
    9e15,
    Number.NaN,
    null,
    true,
  ])('are not read from %s', (text) => {
    expect(instant(text)).toBeNull();
  });

  it('know where a day ends', () => {
    expect(wholeDay('2026-02-28')).toEqual(['2026-02-28T00:00:00.000Z', '2026-03-01T00:00:00.000Z']);
    expect(wholeDay('2026-02-29')).toBeNull();
    expect(wholeDay('2026-02-28T00:00:00Z')).toBeNull();
  });
});
