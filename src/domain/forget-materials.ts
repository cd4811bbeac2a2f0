import { sql } from 'kysely';
import { mentionsOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { skuOptionPropertyValue } from '../resources/index.js';
import { forgetInLinkedParts } from './linked-part-rules.js';

/**
 * Takes a material, variant or group that goes out of what linked parts and the properties of options say of it. What
 * has no alternative left names no material any more.
 */
export async function forgetMaterial(tx: Transaction, id: string): Promise<void> {
  await forgetInLinkedParts(tx, [id]);
  const rows = await tx.db
    .selectFrom('skuOptionPropertyValue')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where(mentionsOneOf(sql.ref('materialValue'), [id]))
    .execute();
  for (const raw of rows) {
    const row = decodeRow(skuOptionPropertyValue, raw);
    const left = (row.materialValue ?? []).filter((one) => !Object.values(one).some((named) => named === id));
    await tx.update(skuOptionPropertyValue, row.id, { materialValue: left.length > 0 ? left : null });
  }
}
