import type { Transaction } from '../database/transaction.js';
import { skuOptionBinding } from '../resources/index.js';
import { createEntity, removeEntity } from './entities.js';

/**
 * Says anew which options a SKU has, in their order. Those that stay keep their filters and properties; those that go
 * take them along.
 *
 * @throws ApiError not_found for an option that there is not; conflict for two of one name
 */
export async function setSkuOptions(
  tx: Transaction,
  skuId: string,
  optionIds: readonly string[],
): Promise<void> {
  const wanted = [...new Set(optionIds)];
  const before = await tx.db
    .selectFrom('skuOptionBinding')
    .select(['id', 'optionId'])
    .where('skuId', '=', skuId)
    .execute();
  const kept = new Map<string, string>();
  for (const { id, optionId } of before) {
    if (wanted.includes(optionId)) kept.set(optionId, id);
    else await removeEntity(tx, skuOptionBinding, id);
  }
  for (const optionId of wanted) {
    if (kept.has(optionId)) continue;
    const { id } = await createEntity(tx, skuOptionBinding, { skuId, optionId });
    kept.set(optionId, id);
  }
  for (const [order, optionId] of wanted.entries()) {
    const id = kept.get(optionId);
    if (id !== undefined) await tx.update(skuOptionBinding, id, { order });
  }
}
