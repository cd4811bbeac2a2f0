import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operator } from '../../src/query/condition.js';
import { EXAMPLE, Things } from './things.js';

let things: Things;
beforeAll(async () => {
  things = await Things.open();
  await things.fill([EXAMPLE]);
});
afterAll(() => things.close());

const find = (field: string, operator: Operator, value: unknown) =>
  things.titles({ filter: { kind: 'field', field, operator, value } });

describe('operands that do not fit', () => {
  it.each<[string, Operator, unknown]>([
    ['count', 'eq', 'many'],
    ['count', 'eq', ''],
    ['count', 'gt', 'Infinity'],
    ['count', 'in', [1, 'x']],
    ['count', 'between', [1]],
    ['count', 'between', [1, 2, 3]],
    ['open', 'eq', 'yes'],
    ['bornAt', 'gt', 'yesterday'],
    ['bornAt', 'in', ['2026-03-01', 'never']],
    ['title', 'eq', { a: 1 }],
    ['title', 'contains', ['a']],
    ['title', 'contains', 'x'.repeat(1_001)],
    ['title', 'isNull', 'maybe'],
    ['title', 'in', Array.from({ length: 1_001 }, String)],
  ])('are told: %s %s %j', async (field, operator, value) => {
    await expect(find(field, operator, value)).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it.each<[string, Operator]>([
    ['colour', 'gt'],
    ['open', 'contains'],
    ['open', 'between'],
    ['bornAt', 'contains'],
    ['tags', 'gt'],
    ['tags', 'between'],
    ['data', 'gt'],
    ['data', 'in'],
    ['settings', 'eq'],
    ['settings', 'contains'],
  ])('as operators that mean nothing there: %s %s', async (field, operator) => {
    await expect(find(field, operator, '1')).rejects.toMatchObject({
      code: 'unknown_operator',
      details: { allowed: expect.arrayContaining(['isNull']) },
    });
  });
});

describe('the largest filters that are taken', () => {
  it('are answered by the database', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `v${at}`);
    await expect(find('tags', 'eq', many)).resolves.toEqual([]);
    await expect(find('tags', 'ne', many)).resolves.toEqual(['Bracket']);
    await expect(
      find(
        'bornAt',
        'in',
        Array.from({ length: 1_000 }, () => '2026-03-01'),
      ),
    ).resolves.toEqual(['Bracket']);
    const chain = Array.from({ length: 200 }, () => ({
      kind: 'not' as const,
      of: { kind: 'field' as const, field: 'tags', operator: 'ne' as const, value: many.slice(0, 20) },
    }));
    await expect(things.titles({ filter: { kind: 'or', of: chain } })).resolves.toEqual([]);
  });
});

describe('what is answered', () => {
  it('holds the fields that were asked for, with id and store', async () => {
    const { data } = await things.list({ fields: ['id', 'storeId', 'title'] });
    expect(data).toEqual([{ id: expect.any(String), storeId: expect.any(String), title: 'Bracket' }]);
  });

  it('never holds what is hidden or secret', async () => {
    const { data } = await things.list({});
    expect(data[0]).not.toHaveProperty('pin');
    expect(data[0]).toMatchObject({ code: '********', hash: '********' });
  });
});
