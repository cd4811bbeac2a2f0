import { id, json, nullable, text } from './column.js';
import { one, resource } from './resource.js';
import { materialAlternatives, plateQuantities } from './shapes.js';

const optionValue = { resource: 'skuOptionValue', onDelete: 'cascade' } as const;

/** What a property is for a value of its option, or for one value of each option that it is bound to. */
export const skuOptionPropertyValue = resource({
  name: 'skuOptionPropertyValue',
  label: 'SKU option property value',
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: {
    property: one('skuOptionProperty', 'propertyId'),
    optionValue: one('skuOptionValue', 'optionValueId'),
  },
  events: 'skuOptionPropertyValues',
  columns: {
    propertyId: id({
      writable: 'create',
      references: { resource: 'skuOptionProperty', onDelete: 'cascade' },
    }),
    /** Of the property's option, or of the option of its first binding. */
    optionValueId: id({ writable: 'create', references: optionValue }),
    optionValueId2: nullable(id({ writable: 'create', references: optionValue })),
    optionValueId3: nullable(id({ writable: 'create', references: optionValue })),
    textValue: nullable(text({ max: 10_000, writable: 'edit' })),
    /** Alternatives, best first. */
    materialValue: nullable(json(materialAlternatives, { writable: 'edit' })),
    /** Plate name to how often it is printed. */
    plateQuantitiesValue: nullable(json(plateQuantities, { writable: 'edit' })),
  },
});
