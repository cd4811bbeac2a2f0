import { flag, text } from './column.js';
import { many, resource } from './resource.js';

/**
 * What a buyer chooses for a SKU, such as its colour. One definition serves many SKUs; names are compared exactly with
 * those that a shop sends.
 */
export const skuOption = resource({
  name: 'skuOption',
  label: 'SKU option',
  path: '/v1/sku-variants',
  operations: ['list', 'search', 'get', 'create', 'update', 'delete'],
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: {
    values: many('skuOptionValue', 'optionId'),
    properties: many('skuOptionProperty', 'optionId'),
    bindings: many('skuOptionBinding', 'optionId'),
  },
  events: 'skuOptions',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    /** The buyer writes a text instead of choosing a value. */
    isPersonalization: flag({ writable: 'create' }),
  },
});
