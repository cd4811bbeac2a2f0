import { ApiError, invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { order } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { Row } from '../resources/resource.js';
import { knownCustomer } from './customers.js';
import { createEntity, removeEntity, updateEntity } from './entities.js';
import { addItems } from './order-items.js';

export type Order = Row<typeof order>;

/** What one call makes: an order, who wants it, and its items. */
export interface NewOrder {
  readonly order: Values;
  readonly customer?: Values | undefined;
  readonly items?: readonly Values[] | undefined;
}

/**
 * Makes an order with all its items. The customer is found again where the farm knows one.
 *
 * @returns its id
 * @throws ApiError conflict for a shop's order that is there; not_found, validation_failed
 */
export async function createOrder(tx: Transaction, given: NewOrder): Promise<string> {
  const customerId = await customerOf(tx, given);
  const { id } = await createEntity(tx, order, { ...given.order, customerId });
  await addItems(tx, id, given.items ?? []);
  return id;
}

async function customerOf(tx: Transaction, given: NewOrder): Promise<unknown> {
  const { customerId = null, source } = given.order;
  if (!given.customer) return customerId;
  if (customerId !== null)
    throw invalidInput([
      { path: '$input.customer', expected: 'either a customer or order.customerId, not both' },
    ]);
  return knownCustomer(tx, { ...given.customer, source: given.customer.source ?? source });
}

/** @throws ApiError not_found; invalid_state when it is cancelled already */
export async function cancelOrder(tx: Transaction, id: string): Promise<void> {
  const row = await tx.get(order, id);
  if (row.cancelledAt !== null) throw wrongState(row, 'is cancelled already');
  await updateEntity(tx, order, id, { cancelledAt: tx.now });
}

/** Its jobs stay as they are. @throws ApiError not_found; invalid_state when it is not open */
export async function closeOrder(tx: Transaction, id: string): Promise<void> {
  const row = await tx.get(order, id);
  if (row.status !== 'open') throw wrongState(row, 'is closed already');
  await updateEntity(tx, order, id, { status: 'closed' });
}

/** Also takes back a cancellation; cancelled jobs stay cancelled. @throws ApiError not_found; invalid_state when it is open */
export async function reopenOrder(tx: Transaction, id: string): Promise<void> {
  const row = await tx.get(order, id);
  if (row.status === 'open') throw wrongState(row, 'is open');
  await updateEntity(tx, order, id, { status: 'open' });
}

/** With its items; jobs and builds stay without it, those that wait are cancelled. @throws ApiError not_found */
export async function removeOrder(tx: Transaction, id: string): Promise<void> {
  await removeEntity(tx, order, id);
}

function wrongState({ id, orderNumber }: Order, what: string): ApiError {
  return new ApiError('invalid_state', `The order ${orderNumber} (${id}) ${what}`);
}

/** One of many that could not be done. */
export interface OrderFailure {
  readonly orderId: string;
  readonly error: string;
}

/** Does it with each order; what cannot be done with one is said, and the others are done all the same. */
export async function withEach(
  tx: Transaction,
  orderIds: readonly string[],
  act: (tx: Transaction, id: string) => Promise<void>,
): Promise<{ readonly done: readonly string[]; readonly errors: readonly OrderFailure[] }> {
  const done: string[] = [];
  const errors: OrderFailure[] = [];
  for (const orderId of new Set(orderIds)) {
    try {
      await act(tx, orderId);
      done.push(orderId);
    } catch (error) {
      // Acts refuse before they write.
      if (!(error instanceof ApiError)) throw error;
      errors.push({ orderId, error: error.message });
    }
  }
  return { done, errors };
}
