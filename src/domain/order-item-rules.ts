import type { Transaction } from '../database/transaction.js';
import { orderItem, sku } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Row } from '../resources/resource.js';
import { type OrderItemConfig, orderItemConfig, type ResolutionNote } from '../resources/shapes.js';
import { ignoredCodes } from './ignored-skus.js';
import type { EntityRules } from './rules.js';
import { matchSku } from './sku-match.js';
import type { ReadSuffix } from './sku-suffixes.js';
import { textOf } from './text.js';

/**
 * An item is of a SKU, by its id or by its code, whose suffixes choose its options; a code that means no SKU, or more than
 * one thing, is kept with a note. What is on the store's list of ignored codes is ignored.
 */
export const orderItemRules: EntityRules = {
  async write(tx, values, before) {
    const { sku: code, ...given } = values;
    if (before) return changed(tx, given, before);
    const originalSku = textOf(code) ?? textOf(given.originalSku);
    const found = await skuOf(tx, textOf(given.skuId), originalSku);
    const note = found.note ?? given.resolutionNote;
    const ignored = given.ignored === true || (await isIgnored(tx, originalSku, found.sku?.sku ?? null));
    return {
      ...given,
      originalSku,
      skuId: found.sku?.id ?? null,
      resolutionNote: note,
      ignored,
      ...chosen(found, given.skuConfig),
    };
  },
};

/** Another code is looked for anew; a new flag by hand counts more than the list. */
async function changed(tx: Transaction, given: Values, before: Values): Promise<Values> {
  const originalSku = textOf(given.originalSku);
  if (given.originalSku === undefined || originalSku === before.originalSku) return given;
  if (originalSku === null) return { ...given, originalSku };
  const found = await skuOf(tx, null, originalSku);
  const ignored = given.ignored ?? (await isIgnored(tx, originalSku, null));
  return {
    ...given,
    originalSku,
    skuId: found.sku?.id ?? null,
    resolutionNote: found.note,
    ignored,
    ...chosen(found, given.skuConfig === undefined ? before.skuConfig : given.skuConfig),
  };
}

type Sku = Row<typeof sku>;

interface Found {
  readonly sku: Sku | null;
  readonly note: ResolutionNote | null;
  /** What the suffixes of its code say. */
  readonly options: readonly ReadSuffix[];
}

/** The code says more surely than anything else what was bought. */
function chosen({ options }: Found, given: unknown): { skuConfig?: OrderItemConfig } {
  if (options.length === 0) return {};
  const config = orderItemConfig.safeParse(given).data;
  const selectedOptions = Object.fromEntries(options.map(({ optionId, value }) => [optionId, value]));
  return { skuConfig: { ...config, selectedOptions } };
}

async function skuOf(tx: Transaction, skuId: string | null, code: string | null): Promise<Found> {
  if (skuId !== null) return { sku: await tx.get(sku, skuId), note: null, options: [] };
  if (code === null) return { sku: null, note: null, options: [] };
  const match = await matchSku(tx.db, tx.context.storeId, code);
  if (match === null) return { sku: null, note: noSku(tx, code), options: [] };
  if (match !== 'ambiguous')
    return { sku: await tx.get(sku, match.skuId), note: null, options: match.options };
  const message = `The code ${JSON.stringify(code)} can be read in more than one way`;
  return { sku: null, note: note(tx, 'ambiguous_match', message), options: [] };
}

function noSku(tx: Transaction, code: string): ResolutionNote {
  return note(tx, 'sku_not_found', `There is no SKU with the code ${JSON.stringify(code)}`);
}

function note(tx: Transaction, type: ResolutionNote['type'], message: string): ResolutionNote {
  return { type, message, retriable: true, occurredAt: tx.at };
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
