import { id, real, withDefault } from './column.js';
import { one, resource } from './resource.js';

/** So much of one cost component in one copy of a SKU. */
export const skuCost = resource({
  name: 'skuCost',
  label: 'SKU cost',
  path: '/v1/sku-costs',
  operations: ['list', 'search', 'get', 'create', 'update'],
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: { component: one('costComponent', 'costComponentId'), sku: one('sku', 'skuId') },
  events: 'skuCosts',
  columns: {
    skuId: id({ writable: 'edit', references: { resource: 'sku', onDelete: 'cascade' } }),
    costComponentId: id({
      writable: 'edit',
      references: { resource: 'costComponent', onDelete: 'restrict' },
    }),
    quantity: withDefault(real({ min: 0, max: 1e9, writable: 'edit' }), 1),
  },
});
