import { notFound } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { order, orderItem } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { createEntity, type EntityRow, removeEntity, updateEntity } from './entities.js';

/** Adds items to an order, all or none, in this order. @throws ApiError not_found for a SKU by its id */
export async function addItems(
  tx: Transaction,
  orderId: string,
  items: readonly Values[],
): Promise<EntityRow[]> {
  const made: EntityRow[] = [];
  for (const [position, item] of items.entries())
    made.push(await createEntity(tx, orderItem, { ...item, orderId, position }));
  return made;
}

/** Adds to an order that is there. @throws ApiError not_found */
export async function addToOrder(
  tx: Transaction,
  orderId: string,
  items: readonly Values[],
): Promise<EntityRow[]> {
  await keepFromShop(tx, orderId);
  return addItems(tx, orderId, items);
}

/** Jobs stay as they are until the order is printed again. @throws ApiError not_found */
export async function changeItem(tx: Transaction, id: string, changes: Values): Promise<EntityRow> {
  const { orderId } = await tx.get(orderItem, id);
  await keepFromShop(tx, orderId);
  return updateEntity(tx, orderItem, id, changes);
}

/** Changes items of one order; those that are not of it are left out. @throws ApiError not_found for the order */
export async function changeItems(
  tx: Transaction,
  orderId: string,
  changes: readonly { readonly itemId: string; readonly changes: Values }[],
): Promise<EntityRow[]> {
  await tx.get(order, orderId);
  const changed = new Map<string, EntityRow>();
  for (const { itemId, changes: values } of changes) {
    const item = await tx.find(orderItem, itemId);
    if (item?.orderId === orderId) changed.set(itemId, await changeItem(tx, itemId, values));
  }
  return [...changed.values()];
}

/** Its jobs stay with the order. @throws ApiError not_found */
export async function removeItem(tx: Transaction, id: string): Promise<void> {
  const { orderId } = await tx.get(orderItem, id);
  await keepFromShop(tx, orderId);
  await removeEntity(tx, orderItem, id);
}

/** @throws ApiError not_found when there is no such order, or it has no such item */
export async function requireItem(tx: Transaction, orderId: string, itemId: string): Promise<void> {
  await tx.get(order, orderId);
  const item = await tx.find(orderItem, itemId);
  if (item?.orderId !== orderId) throw notFound(`item of order ${orderId}`, itemId);
}

/** What a person changed of a shop's order must not be put back by the next look into the shop. */
async function keepFromShop(tx: Transaction, orderId: string): Promise<void> {
  const { integrationId, source } = await tx.get(order, orderId);
  const fetched = integrationId !== null || (source !== null && source !== 'manual');
  if (fetched) await tx.update(order, orderId, { syncDisabled: true });
}
