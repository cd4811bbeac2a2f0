import { z } from 'zod';
import { customer, order, orderItem } from '../../resources/index.js';
import { insertInput, insertShape, updateInput } from '../../resources/inputs.js';
import { id, ids } from '../schemas.js';

/** Most items that one request makes or changes. */
const MAX_ITEMS = 1_000;

export const orderParam = z.object({ orderId: id });
export const itemParam = z.object({ itemId: id });

/** An item by the id of a SKU or by its code; the id counts more. */
const newItem = z.object({
  ...insertShape(orderItem),
  skuId: z.string().nullable().optional(),
  sku: z.string().max(1024).nullable().optional(),
});

export const newOrder = z.object({
  order: insertInput(order),
  customer: insertInput(customer).optional(),
  items: z.array(newItem).max(MAX_ITEMS).optional(),
});

/** For an order that is there: the id of a SKU, or null and its code as `originalSku`. */
export const newItems = z.array(z.object({ ...insertShape(orderItem), skuId: id.nullable() })).max(MAX_ITEMS);

export const itemChanges = updateInput(orderItem);
export const manyItemChanges = z.array(z.object({ itemId: id, changes: itemChanges })).max(MAX_ITEMS);

export const newCustomer = z.object({
  name: customer.columns.name.schema.optional(),
  email: customer.columns.email.schema.optional(),
  phone: customer.columns.phone.schema.optional(),
});

export const orderIds = z.object({ orderIds: ids });
