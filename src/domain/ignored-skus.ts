import { sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { ignoredSku, orderItem } from '../resources/index.js';
import type { Row } from '../resources/resource.js';

export type IgnoredSkus = Row<typeof ignoredSku>;

/** Most codes of the list. */
const MAX_CODES = 10_000;

/** The store's list, null while it has none. */
async function storedList(tx: Transaction): Promise<IgnoredSkus | null> {
  const row = await tx.db
    .selectFrom('ignoredSku')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .executeTakeFirst();
  return row ? decodeRow(ignoredSku, row) : null;
}

/** The store's list, begun if it has none. */
export async function ignoredList(tx: Transaction): Promise<IgnoredSkus> {
  return (await storedList(tx)) ?? tx.insert(ignoredSku, { storeId: tx.context.storeId, skus: [] });
}

/** Codes are compared exactly. */
export async function ignoredCodes(tx: Transaction): Promise<ReadonlySet<string>> {
  return new Set((await storedList(tx))?.skus);
}

/**
 * Puts codes on the list and takes others off; one that is in both is off. Items that nothing was printed for yet follow.
 *
 * @returns the list, null when nothing was ever on it
 * @throws ApiError unprocessable for a list that would be too long
 */
export async function editIgnored(
  tx: Transaction,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<IgnoredSkus | null> {
  const before = await storedList(tx);
  const off = new Set(remove);
  const skus = [...new Set([...(before?.skus ?? []), ...add])].filter((code) => !off.has(code));
  if (!before && skus.length === 0) return null;
  if (skus.length > MAX_CODES)
    throw new ApiError('unprocessable', `${skus.length} SKUs would be ignored; ${MAX_CODES} are the most`);
  const old = new Set(before?.skus);
  const list = await tx.update(ignoredSku, (await ignoredList(tx)).id, { skus });
  const now = new Set(skus);
  await flag(
    tx,
    skus.filter((code) => !old.has(code)),
    true,
  );
  await flag(
    tx,
    [...old].filter((code) => !now.has(code)),
    false,
  );
  return list;
}

/** Flags the unprocessed items that were ordered by one of the codes, or are of a SKU that has one. */
async function flag(tx: Transaction, codes: readonly string[], ignored: boolean): Promise<void> {
  if (codes.length === 0) return;
  const { storeId } = tx.context;
  const unprocessed = sql`("processedStatus" is null or "processedStatus" <> 'processed')`;
  const skus = sql`select "id" from "sku" where "storeId" = ${storeId} and ${isOneOf(sql.ref('sku.sku'), codes)}`;
  const found = await sql<{ id: string }>`
    select "id" from "orderItem" where "storeId" = ${storeId} and ${isOneOf(sql.ref('orderItem.originalSku'), codes)}
    and ${unprocessed}
    union select "id" from "orderItem" where "storeId" = ${storeId} and "skuId" in (${skus})
    and ${unprocessed}
  `.execute(tx.db);
  for (const { id } of found.rows) await tx.update(orderItem, id, { ignored });
}
