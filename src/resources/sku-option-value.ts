import { z } from 'zod';
import { id, integer, json, nullable, text, withDefault } from './column.js';
import { one, resource } from './resource.js';

const suffixes: z.ZodType<readonly string[]> = z.array(z.string().min(1).max(255)).max(100);

/** One thing that can be chosen for an option, such as red. */
export const skuOptionValue = resource({
  name: 'skuOptionValue',
  label: 'SKU option value',
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: { option: one('skuOption', 'optionId') },
  events: 'skuOptionValues',
  defaultSort: [
    { field: 'optionId', direction: 'asc' },
    { field: 'order', direction: 'asc' },
  ],
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    optionId: id({ writable: 'create', references: { resource: 'skuOption', onDelete: 'cascade' } }),
    /** What stands for the value at the end of a SKU code, such as `-RD`. */
    skuSuffixes: nullable(json(suffixes, { kind: 'array', writable: 'edit' })),
    /** Place among the values of the option, from 0; the last when left out. */
    order: withDefault(integer({ min: 0, writable: 'create' }), 0),
  },
});
