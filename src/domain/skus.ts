import type { Transaction } from '../database/transaction.js';
import { part, sku } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Row } from '../resources/resource.js';
import { recordCosts } from './cost-totals.js';
import { createEntity, updateEntity } from './entities.js';
import { replaceLinkedParts } from './linked-parts.js';
import { setSkuOptions } from './sku-bindings.js';

export type Sku = Row<typeof sku>;

/** What a request says of a SKU: its own columns, and its parts and options where it speaks of them. */
export interface SkuRequest {
  readonly values: Values;
  readonly linkedParts?: readonly Values[] | undefined;
  /** Its options, in their order. */
  readonly optionIds?: readonly string[] | undefined;
}

/** @throws ApiError conflict for a code that there is already; not_found for parts and others that there are not */
export async function createSku(
  tx: Transaction,
  { values, linkedParts = [], optionIds }: SkuRequest,
): Promise<Sku> {
  const { id } = await createEntity(tx, sku, values);
  await replaceLinkedParts(tx, id, linkedParts);
  if (optionIds) await setSkuOptions(tx, id, optionIds);
  return settled(tx, id);
}

/** What is left out stays; parts and options are replaced as a whole. @throws ApiError as `createSku` */
export async function updateSku(
  tx: Transaction,
  id: string,
  { values, linkedParts, optionIds }: SkuRequest,
): Promise<Sku> {
  await updateEntity(tx, sku, id, values);
  if (linkedParts) await replaceLinkedParts(tx, id, linkedParts);
  if (optionIds) await setSkuOptions(tx, id, optionIds);
  return settled(tx, id);
}

/** A SKU of one copy of one part. @throws ApiError conflict, not_found */
export async function createSkuOfPart(tx: Transaction, partId: string, code: string): Promise<Sku> {
  const { name } = await tx.get(part, partId);
  const one = { partId, quantity: 1, label: name, parameters: [], exposedParameters: [] };
  const title = code.trim();
  return createSku(tx, { values: { sku: code, title, description: '' }, linkedParts: [one] });
}

/** The answer tells the costs as they are after it. */
async function settled(tx: Transaction, id: string): Promise<Sku> {
  await recordCosts(tx);
  return tx.get(sku, id);
}
