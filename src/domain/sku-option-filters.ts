import { ApiError, invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { sku, skuOption, skuOptionBinding, skuOptionValueFilter } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { removeEntity } from './entities.js';

type Binding = Row<typeof skuOptionBinding>;
type Filter = Row<typeof skuOptionValueFilter>;

/** Which values of an option a SKU offers. */
export interface FilteredValues {
  readonly skuId: string;
  readonly optionId: string;
  readonly valueIds: readonly string[];
  readonly filterMode: Binding['filterMode'];
}

/**
 * Says anew which values of an option a SKU offers; the mode null offers all of them and lists none.
 *
 * @returns the filters that now hold, in the order of `valueIds`
 * @throws ApiError not_found for a SKU, an option or a binding of the two that there is not; validation_failed for
 *   values of another option
 */
export async function setFilteredValues(tx: Transaction, given: FilteredValues): Promise<readonly Filter[]> {
  const { skuId, optionId, filterMode } = given;
  await tx.get(sku, skuId);
  await tx.get(skuOption, optionId);
  const binding = await bindingOf(tx, skuId, optionId);
  const wanted = filterMode === null ? [] : [...new Set(given.valueIds)];
  await refuseForeign(tx, optionId, wanted);
  await tx.update(skuOptionBinding, binding.id, { filterMode });
  const before = await tx.db
    .selectFrom('skuOptionValueFilter')
    .select(['id', 'optionValueId'])
    .where('bindingId', '=', binding.id)
    .execute();
  const kept = new Map<string, string>();
  for (const { id, optionValueId } of before) {
    if (wanted.includes(optionValueId)) kept.set(optionValueId, id);
    else await removeEntity(tx, skuOptionValueFilter, id);
  }
  const filters: Filter[] = [];
  for (const optionValueId of wanted) {
    const id = kept.get(optionValueId);
    const values = { storeId: binding.storeId, bindingId: binding.id, skuId, optionId, optionValueId };
    filters.push(
      id === undefined
        ? await tx.insert(skuOptionValueFilter, values)
        : await tx.get(skuOptionValueFilter, id),
    );
  }
  return filters;
}

async function bindingOf(tx: Transaction, skuId: string, optionId: string): Promise<Binding> {
  const found = await tx.db
    .selectFrom('skuOptionBinding')
    .select('id')
    .where('skuId', '=', skuId)
    .where('optionId', '=', optionId)
    .executeTakeFirst();
  if (!found) throw notBound(skuId, optionId);
  return tx.get(skuOptionBinding, found.id);
}

export function notBound(skuId: string, optionId: string): ApiError {
  return new ApiError('not_found', `The SKU ${skuId} has no option ${optionId}: bind it first`);
}

async function refuseForeign(tx: Transaction, optionId: string, valueIds: readonly string[]): Promise<void> {
  const own = await tx.db
    .selectFrom('skuOptionValue')
    .select('id')
    .where('optionId', '=', optionId)
    .execute();
  const known = new Set(own.map(({ id }) => id));
  const wrong = valueIds.flatMap((value, index) =>
    known.has(value)
      ? []
      : [{ path: `$input.valueIds.${index}`, expected: `a value of the option ${optionId}`, value }],
  );
  if (wrong.length > 0) throw invalidInput(wrong);
}
