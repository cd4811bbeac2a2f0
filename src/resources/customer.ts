import { ORDER_SOURCES } from '../contract/enums.js';
import { choice, nullable, text } from './column.js';
import { many, resource } from './resource.js';

/** Somebody who orders. Known by the id of a shop, else by the e-mail address. */
export const customer = resource({
  name: 'customer',
  label: 'customer',
  path: '/v1/customers',
  operations: ['list', 'search'],
  permissions: { view: 'order.view', create: 'order.create' },
  relations: { orders: many('order', 'customerId') },
  events: 'customers',
  columns: {
    name: nullable(text({ max: 1024, writable: 'create' })),
    email: nullable(text({ max: 1024, writable: 'create' })),
    phone: nullable(text({ max: 255, writable: 'create' })),
    countryCode: nullable(text({ max: 255, writable: 'create' })),
    provinceCode: nullable(text({ max: 255, writable: 'create' })),
    zipCode: nullable(text({ max: 255, writable: 'create' })),
    externalId: nullable(text({ max: 1024, writable: 'create' })),
    source: nullable(choice(ORDER_SOURCES, { writable: 'create' })),
  },
});
