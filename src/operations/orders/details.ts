import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readRow, readRows } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { customer, order, orderItem, type Tables } from '../../resources/index.js';
import type { Deps } from '../deps.js';

/** An order with who wants it and its items. */
export interface OrderDetails {
  readonly order: Record<string, unknown>;
  readonly customer: Record<string, unknown> | null;
  readonly items: readonly Record<string, unknown>[];
}

export const orderDetails = () =>
  z.object({
    order: answered(order),
    customer: answered(customer).nullable(),
    items: z.array(answered(orderItem)),
  });

/** As the database, or a transaction, has it now. @throws ApiError not_found */
export async function detailsOf(
  { presenter }: Pick<Deps, 'presenter'>,
  db: Kysely<Tables>,
  storeId: string,
  orderId: string,
): Promise<OrderDetails> {
  const row = await readRow(db, order, storeId, orderId);
  const items = await readRows(db, orderItem, storeId, { orderId });
  const buyer = row.customerId === null ? null : await readRow(db, customer, storeId, row.customerId);
  return {
    order: order.present(row, presenter),
    customer: buyer && customer.present(buyer, presenter),
    items: items.map((item) => orderItem.present(item, presenter)),
  };
}
