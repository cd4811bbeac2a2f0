import type { Transaction } from '../database/transaction.js';
import { linkedPart } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { createEntity, removeEntity, updateEntity } from './entities.js';

/**
 * Makes these the parts of a SKU, in this order. One that is there already, known by its part and its label, keeps its
 * id; those that are not named go.
 */
export async function replaceLinkedParts(
  tx: Transaction,
  skuId: string,
  given: readonly Values[],
): Promise<void> {
  const rest = await tx.db
    .selectFrom('linkedPart')
    .select(['id', 'partId', 'label'])
    .where('skuId', '=', skuId)
    .orderBy('position')
    .orderBy('id')
    .execute();
  const wanted = given.map((values) => {
    const at = rest.findIndex(({ partId, label }) => partId === values.partId && label === values.label);
    return { values, id: at < 0 ? null : (rest.splice(at, 1)[0]?.id ?? null) };
  });
  for (const { id } of rest) await removeEntity(tx, linkedPart, id);
  for (const [position, { values, id }] of wanted.entries()) {
    const whole = { ...values, skuId, position };
    if (id === null) await createEntity(tx, linkedPart, whole);
    else await updateEntity(tx, linkedPart, id, whole);
  }
}
