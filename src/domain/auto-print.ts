import type { Transaction } from '../database/transaction.js';
import { integration, order } from '../resources/index.js';
import { printOrders } from './order-prints.js';
import { createOrder, type NewOrder } from './orders.js';

/** Nothing was asked for, and nobody is there to be told. */
const BY_ITSELF = {
  skuIds: [],
  newJobs: { tags: {}, priority: 100, position: 'back' },
  onlySettled: true,
} as const;

/**
 * Makes an order as `createOrder` does. One of an integration that prints by itself (`autoPrint`) gets its jobs with it;
 * what of it cannot be printed is left for a person.
 *
 * @returns its id
 * @throws ApiError as `createOrder`
 */
export async function takeOrder(tx: Transaction, given: NewOrder): Promise<string> {
  const id = await createOrder(tx, given);
  if (await printsByItself(tx, id)) await printOrders(tx, { ...BY_ITSELF, orderIds: [id] });
  return id;
}

async function printsByItself(tx: Transaction, orderId: string): Promise<boolean> {
  const { integrationId } = await tx.get(order, orderId);
  const shop = integrationId === null ? null : await tx.find(integration, integrationId);
  const { settings = null } = shop ?? {};
  return settings !== null && 'autoPrint' in settings && settings.autoPrint === true;
}
