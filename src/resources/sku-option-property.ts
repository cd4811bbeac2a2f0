import { SKU_PROPERTY_TYPES } from '../contract/enums.js';
import { choice, id, integer, nullable, text, withDefault } from './column.js';
import { many, one, resource } from './resource.js';

const binding = () =>
  nullable(id({ writable: 'create', references: { resource: 'skuOptionBinding', onDelete: 'cascade' } }));

/**
 * What a choice means for the making: a text for a parameter, a material, or how often each plate is printed. Without a
 * binding it holds for all SKUs of the option; with one to three it belongs to their SKU, and its values are keyed by
 * a value of each bound option.
 */
export const skuOptionProperty = resource({
  name: 'skuOptionProperty',
  label: 'SKU option property',
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: {
    option: one('skuOption', 'optionId'),
    binding: one('skuOptionBinding', 'bindingId'),
    values: many('skuOptionPropertyValue', 'propertyId'),
  },
  events: 'skuOptionProperties',
  defaultSort: [
    { field: 'optionId', direction: 'asc' },
    { field: 'order', direction: 'asc' },
  ],
  columns: {
    optionId: id({ writable: 'create', references: { resource: 'skuOption', onDelete: 'cascade' } }),
    bindingId: binding(),
    bindingId2: binding(),
    bindingId3: binding(),
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    type: choice(SKU_PROPERTY_TYPES, { writable: 'create' }),
    /** Place among the properties of the same option and first binding, from 0; the last when left out. */
    order: withDefault(integer({ min: 0, writable: 'create' }), 0),
  },
});
