import { z } from 'zod';
import { SKU_FILTER_MODES } from '../../contract/enums.js';
import { notBound, setFilteredValues } from '../../domain/sku-option-filters.js';
import type { Condition } from '../../query/condition.js';
import { answered } from '../../resources/answered.js';
import { sku, skuOption, skuOptionValue, skuOptionValueFilter } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { plainListOperation, requireEntity } from '../standard.js';
import { needed } from '../standard-parts.js';
import { deleteOperation } from '../standard-writes.js';

const pair = z.object({ skuId: id, optionId: id });

/** Which values of an option a SKU offers. */
export function filterOperations(deps: Deps, base: string): Operation[] {
  const at = `${base}/filters`;
  const { database, presenter } = deps;

  const ofSku = plainListOperation(skuOptionValueFilter, deps, {
    id: 'skuOptionValueFilter.ofSku',
    path: `${at}/{skuId}`,
    summary: 'List the value filters of a SKU',
    params: z.object({ skuId: id }),
    async where({ skuId }, storeId) {
      await requireEntity(sku, deps, storeId, skuId);
      return is('skuId', skuId);
    },
  });
  const ofPair = plainListOperation(skuOptionValueFilter, deps, {
    id: 'skuOptionValueFilter.ofSkuOption',
    path: `${at}/{skuId}/{optionId}`,
    summary: 'List the value filters of an option on a SKU',
    params: pair,
    async where({ skuId, optionId }, storeId) {
      await requireEntity(sku, deps, storeId, skuId);
      await requireEntity(skuOption, deps, storeId, optionId);
      return { kind: 'and', of: [is('skuId', skuId), is('optionId', optionId)] };
    },
  });
  const set = operation({
    id: 'skuOptionValueFilter.set',
    method: 'PUT',
    path: at,
    status: 200,
    summary: 'Say anew which values of an option a SKU offers; the mode null offers all',
    permissions: needed(skuOptionValueFilter, 'edit'),
    params: noParams,
    body: pair.extend({
      valueIds: z.array(id).max(1_000),
      filterMode: z.enum(SKU_FILTER_MODES).nullable(),
    }),
    answer: () => z.array(answered(skuOptionValueFilter)),
    async run({ body }, { write }) {
      const filters = await database.write(write, (tx) => setFilteredValues(tx, body));
      return filters.map((row) => skuOptionValueFilter.present(row, presenter));
    },
  });
  const filtered = plainListOperation(skuOptionValue, deps, {
    id: 'skuOptionValue.filtered',
    path: `${base}/filtered-values/{skuId}/{optionId}`,
    summary: 'List the values of an option that a SKU offers, in their order',
    params: pair,
    where: (params, storeId) => offered(deps, params, storeId),
  });
  return [ofSku, ofPair, set, deleteOperation(skuOptionValueFilter, deps, at), filtered];
}

function is(field: string, value: string): Condition {
  return { kind: 'field', field, operator: 'eq', value };
}

/** What the binding of the two lets through. */
async function offered(
  deps: Deps,
  { skuId, optionId }: z.infer<typeof pair>,
  storeId: string,
): Promise<Condition> {
  await requireEntity(sku, deps, storeId, skuId);
  await requireEntity(skuOption, deps, storeId, optionId);
  const binding = await deps.database.read
    .selectFrom('skuOptionBinding')
    .select(['id', 'filterMode'])
    .where('skuId', '=', skuId)
    .where('optionId', '=', optionId)
    .executeTakeFirst();
  if (!binding) throw notBound(skuId, optionId);
  const all = is('optionId', optionId);
  if (binding.filterMode === null) return all;
  const listed = await deps.database.read
    .selectFrom('skuOptionValueFilter')
    .select('optionValueId')
    .where('bindingId', '=', binding.id)
    .execute();
  const operator = binding.filterMode === 'inclusion' ? 'in' : 'notIn';
  const value = listed.map(({ optionValueId }) => optionValueId);
  return { kind: 'and', of: [all, { kind: 'field', field: 'id', operator, value }] };
}
