import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { createEntity } from '../../src/domain/entities.js';
import { setSkuOptions } from '../../src/domain/sku-bindings.js';
import { setFilteredValues } from '../../src/domain/sku-option-filters.js';
import { sku, skuOption, skuOptionValue } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);

let made = 0;
const aSku = (tx: Transaction) => {
  made += 1;
  return createEntity(tx, sku, { sku: `SKU ${made}`, title: 'x', description: '' });
};
const options = (tx: Transaction, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const option = { name: `Option ${made}.${index}`, isPersonalization: false };
      return (await createEntity(tx, skuOption, option)).id;
    }),
  );
const bindings = (tx: Transaction, skuId: string) =>
  tx.db
    .selectFrom('skuOptionBinding')
    .select(['id', 'optionId', 'order'])
    .where('skuId', '=', skuId)
    .orderBy('order')
    .execute();

it('a SKU has the options that were said last, in that order; those that stay are the same bindings', async () => {
  const lists = fc.array(fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(lists, async (said) => {
      await write(async (tx) => {
        const skuId = (await aSku(tx)).id;
        const known = await options(tx, 6);
        for (const list of said) {
          const before = new Map((await bindings(tx, skuId)).map(({ id, optionId }) => [optionId, id]));
          const wanted = list.map((index) => known[index] ?? '');
          await setSkuOptions(tx, skuId, wanted);
          const after = await bindings(tx, skuId);
          expect(after.map(({ optionId }) => optionId)).toEqual(wanted);
          expect(after.map(({ order }) => order)).toEqual(wanted.map((_, index) => index));
          for (const { id, optionId } of after) expect(before.get(optionId) ?? id).toBe(id);
        }
      });
    }),
    { numRuns: 40 },
  );
});

it('an option that stays keeps which of its values the SKU offers', async () => {
  await write(async (tx) => {
    const skuId = (await aSku(tx)).id;
    const [optionId = '', other = ''] = await options(tx, 2);
    const value = await createEntity(tx, skuOptionValue, { optionId, name: 'Red' });
    await setSkuOptions(tx, skuId, [optionId]);
    await setFilteredValues(tx, { skuId, optionId, valueIds: [value.id], filterMode: 'exclusion' });
    await setSkuOptions(tx, skuId, [other, optionId, other]);
    const filters = await tx.db
      .selectFrom('skuOptionValueFilter')
      .selectAll()
      .where('skuId', '=', skuId)
      .execute();
    expect(filters).toMatchObject([{ optionValueId: value.id }]);
    await setSkuOptions(tx, skuId, [other]);
    expect(
      await tx.db.selectFrom('skuOptionValueFilter').select('id').where('skuId', '=', skuId).execute(),
    ).toEqual([]);
  });
});
