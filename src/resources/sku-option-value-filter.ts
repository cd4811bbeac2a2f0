import { id } from './column.js';
import { one, resource } from './resource.js';

/** One value that a binding lists; its filter mode says whether the listed ones are offered or left out. */
export const skuOptionValueFilter = resource({
  name: 'skuOptionValueFilter',
  label: 'SKU option value filter',
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: {
    binding: one('skuOptionBinding', 'bindingId'),
    optionValue: one('skuOptionValue', 'optionValueId'),
  },
  events: 'skuOptionValueFilters',
  columns: {
    bindingId: id({ writable: 'create', references: { resource: 'skuOptionBinding', onDelete: 'cascade' } }),
    skuId: id({ writable: 'create', references: { resource: 'sku', onDelete: 'cascade' } }),
    optionId: id({ writable: 'create', references: { resource: 'skuOption', onDelete: 'cascade' } }),
    optionValueId: id({
      writable: 'create',
      references: { resource: 'skuOptionValue', onDelete: 'cascade' },
    }),
  },
});
