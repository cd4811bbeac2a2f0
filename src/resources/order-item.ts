import { ORDER_SOURCES, PROCESSED_STATUSES } from '../contract/enums.js';
import { choice, flag, givenDate, id, integer, json, nullable, text, withDefault } from './column.js';
import { many, one, resource } from './resource.js';
import { orderItemConfig, record, resolutionNote } from './shapes.js';

/** One line of an order: so many of a SKU, made in a certain way. */
export const orderItem = resource({
  name: 'orderItem',
  label: 'order item',
  path: '/v1/order-items',
  operations: ['list', 'search'],
  permissions: { view: 'order.view', edit: 'order.edit', delete: 'order.delete' },
  relations: {
    order: one('order', 'orderId'),
    sku: one('sku', 'skuId'),
    printJobs: many('printJob', 'orderItemId'),
  },
  events: 'orderItems',
  defaultSort: [
    { field: 'createdAt', direction: 'asc' },
    { field: 'position', direction: 'asc' },
  ],
  columns: {
    orderId: id({ references: { resource: 'order', onDelete: 'cascade' } }),
    /** Null while no SKU is known for it; `resolutionNote` then says why. */
    skuId: nullable(id({ writable: 'create', references: { resource: 'sku', onDelete: 'set null' } })),
    source: nullable(choice(ORDER_SOURCES, { writable: 'edit' })),
    quantity: integer({ min: 1, writable: 'edit' }),
    /** Names of options as the shop has them, with the buyer's values. */
    inputs: nullable(json(record, { writable: 'edit' })),
    /** The shop's own word. */
    status: nullable(text({ max: 1024, writable: 'edit' })),
    externalId: nullable(text({ max: 1024, writable: 'edit' })),
    externalOrderId: nullable(text({ max: 1024, writable: 'edit' })),
    externalProductId: nullable(text({ max: 1024, writable: 'edit' })),
    externalSku: nullable(text({ max: 1024, writable: 'edit' })),
    /** The code that was ordered. */
    originalSku: nullable(text({ max: 1024, writable: 'edit' })),
    processedAt: nullable(givenDate({ writable: 'edit' })),
    /** Nothing is printed for it. */
    ignored: withDefault(nullable(flag({ writable: 'edit' })), false),
    processedStatus: withDefault(nullable(choice(PROCESSED_STATUSES, { writable: 'edit' })), 'unprocessed'),
    skuConfig: nullable(json(orderItemConfig, { writable: 'edit' })),
    resolutionNote: nullable(json(resolutionNote, { writable: 'edit' })),
    /** Its place among those that were given together. */
    position: withDefault(integer({ min: 0, hidden: true }), 0),
  },
});
