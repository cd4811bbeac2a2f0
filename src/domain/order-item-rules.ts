import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { orderItem, sku } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Row } from '../resources/resource.js';
import type { ResolutionNote } from '../resources/shapes.js';
import { ignoredCodes } from './ignored-skus.js';
import type { EntityRules } from './rules.js';
import { textOf } from './text.js';

/**
 * An item is of a SKU, by its id or by its code; a code that no SKU has is kept with a note. What is on the store's
 * list of ignored codes is ignored.
 */
export const orderItemRules: EntityRules = {
  async write(tx, values, before) {
    const { sku: code, ...given } = values;
    if (before) return changed(tx, given, before);
    const originalSku = textOf(code) ?? textOf(given.originalSku);
    const found = await skuOf(tx, textOf(given.skuId), originalSku);
    const note = found.note ?? given.resolutionNote;
    const ignored = given.ignored === true || (await isIgnored(tx, originalSku, found.sku?.sku ?? null));
    return { ...given, originalSku, skuId: found.sku?.id ?? null, resolutionNote: note, ignored };
  },
};

/** Another code is looked for anew; a new flag by hand counts more than the list. */
async function changed(tx: Transaction, given: Values, before: Values): Promise<Values> {
  const originalSku = textOf(given.originalSku);
  if (given.originalSku === undefined || originalSku === before.originalSku) return given;
  if (originalSku === null) return { ...given, originalSku };
  const found = await skuOf(tx, null, originalSku);
  const ignored = given.ignored ?? (await isIgnored(tx, originalSku, null));
  return { ...given, originalSku, skuId: found.sku?.id ?? null, resolutionNote: found.note, ignored };
}

type Sku = Row<typeof sku>;

async function skuOf(
  tx: Transaction,
  skuId: string | null,
  code: string | null,
): Promise<{ readonly sku: Sku | null; readonly note: ResolutionNote | null }> {
  if (skuId !== null) return { sku: await tx.get(sku, skuId), note: null };
  if (code === null) return { sku: null, note: null };
  const row = await tx.db
    .selectFrom('sku')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where('sku', '=', code.trim())
    .executeTakeFirst();
  return row ? { sku: decodeRow(sku, row), note: null } : { sku: null, note: noSku(tx, code) };
}

function noSku(tx: Transaction, code: string): ResolutionNote {
  return {
    type: 'sku_not_found',
    message: `There is no SKU with the code ${JSON.stringify(code)}`,
    retriable: true,
    occurredAt: tx.at,
  };
}

async function isIgnored(tx: Transaction, ...codes: readonly (string | null)[]): Promise<boolean> {
  const ignored = await ignoredCodes(tx);
  return codes.some((code) => code !== null && ignored.has(code));
}

/** Items of a SKU that goes keep its code and are without SKU from then on. */
export async function letGoOfSku(tx: Transaction, gone: { id: string; sku: string }): Promise<void> {
  const items = await tx.db
    .selectFrom('orderItem')
    .select(['id', 'originalSku'])
    .where('skuId', '=', gone.id)
    .execute();
  for (const { id, originalSku } of items) {
    const code = originalSku ?? gone.sku;
    await tx.update(orderItem, id, { skuId: null, originalSku: code, resolutionNote: noSku(tx, code) });
  }
}
