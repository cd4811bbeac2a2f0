import { ORDER_SOURCES, ORDER_STATUSES } from '../contract/enums.js';
import { choice, flag, givenDate, id, nullable, real, text, withDefault } from './column.js';
import { many, one, resource } from './resource.js';

/** What a customer wants, from a shop or entered by hand. A cancelled one is closed and has `cancelledAt`. */
export const order = resource({
  name: 'order',
  label: 'order',
  path: '/v1/orders',
  operations: ['list', 'search'],
  permissions: {
    view: 'order.view',
    create: 'order.create',
    edit: 'order.edit',
    delete: 'order.delete',
  },
  relations: {
    items: many('orderItem', 'orderId'),
    customer: one('customer', 'customerId'),
    integration: one('integration', 'integrationId'),
    printJobs: many('printJob', 'orderId'),
  },
  events: 'orders',
  columns: {
    /** As people read it; several orders may have the same. */
    orderNumber: text({ min: 1, max: 1024, writable: 'edit' }),
    source: nullable(choice(ORDER_SOURCES, { writable: 'edit' })),
    status: withDefault(choice(ORDER_STATUSES, { writable: 'later' }), 'open'),
    cancelledAt: nullable(givenDate({ writable: 'later' })),
    customerId: nullable(
      id({ writable: 'edit', references: { resource: 'customer', onDelete: 'set null' } }),
    ),
    integrationId: nullable(
      id({ writable: 'edit', references: { resource: 'integration', onDelete: 'set null' } }),
    ),
    /** With price and currency, for the eye only: nothing is computed from them. */
    priceBucket: nullable(real({ writable: 'edit' })),
    price: nullable(real({ writable: 'edit' })),
    currency: nullable(text({ max: 255, writable: 'edit' })),
    /** The shop's id of it: unique within the store and its source. */
    externalId: nullable(text({ max: 1024, writable: 'edit' })),
    externalUrl: nullable(text({ max: 10_000, writable: 'edit' })),
    sourceRef: nullable(text({ max: 1024, writable: 'edit' })),
    note: nullable(text({ max: 100_000, writable: 'edit' })),
    deadline: nullable(givenDate({ writable: 'edit' })),
    /** When jobs were first made for it. */
    processedAt: nullable(givenDate({ writable: 'edit' })),
    /** Fetching orders from the shop must leave this one alone: somebody changed what the shop had said. */
    syncDisabled: withDefault(flag({ writable: 'later' }), false),
  },
});
