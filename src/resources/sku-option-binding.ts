import { SKU_FILTER_MODES } from '../contract/enums.js';
import { choice, id, integer, nullable, withDefault } from './column.js';
import { many, one, resource } from './resource.js';

/** That an option is offered for a SKU, and which of its values are. */
export const skuOptionBinding = resource({
  name: 'skuOptionBinding',
  label: 'SKU option binding',
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: {
    option: one('skuOption', 'optionId'),
    sku: one('sku', 'skuId'),
    filters: many('skuOptionValueFilter', 'bindingId'),
  },
  events: 'skuOptionBindings',
  defaultSort: [
    { field: 'skuId', direction: 'asc' },
    { field: 'order', direction: 'asc' },
  ],
  columns: {
    optionId: id({ writable: 'edit', references: { resource: 'skuOption', onDelete: 'cascade' } }),
    skuId: id({ writable: 'edit', references: { resource: 'sku', onDelete: 'cascade' } }),
    /** Place among the options of the SKU, from 0; the last when left out. Suffixes of SKU codes follow in this order. */
    order: withDefault(integer({ min: 0, writable: 'edit' }), 0),
    /** `inclusion`: only the values that filters list; `exclusion`: all but those; null: all. */
    filterMode: nullable(choice(SKU_FILTER_MODES, { writable: 'edit' })),
  },
});
