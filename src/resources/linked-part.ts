import { z } from 'zod';
import { id, integer, json, nullable, text, withDefault, words } from './column.js';
import { one, resource } from './resource.js';
import { linkedPartExtensions, linkedPartMaterials, parameterOverride, textByName } from './shapes.js';

/** A part of a SKU: how many of it go into one copy, and how they differ from the part as it is. */
export const linkedPart = resource({
  name: 'linkedPart',
  label: 'linked part',
  path: '/v1/linked-parts',
  operations: ['list', 'search', 'get', 'create', 'update', 'delete'],
  permissions: { view: 'sku.view', create: 'sku.edit', edit: 'sku.edit', delete: 'sku.edit' },
  relations: { part: one('part', 'partId'), sku: one('sku', 'skuId') },
  events: 'linkedParts',
  columns: {
    skuId: id({ writable: 'edit', references: { resource: 'sku', onDelete: 'cascade' } }),
    partId: id({ writable: 'edit', references: { resource: 'part', onDelete: 'cascade' } }),
    parameters: json(z.array(parameterOverride).max(1_000), { writable: 'edit' }),
    /** 0 leaves the part out. */
    quantity: integer({ min: 0, max: 500, writable: 'edit' }),
    label: text({ min: 1, max: 1024, writable: 'edit' }),
    /** Names of parameters that may be set when it is printed. */
    exposedParameters: words({ writable: 'edit', max: 1_000 }),
    /** Takes the place of the part's own, channel by channel. */
    materialAssignments: nullable(json(linkedPartMaterials, { writable: 'edit' })),
    extensions: nullable(json(linkedPartExtensions, { writable: 'edit' })),
    /** Parameter name to the property of an option that gives its value. */
    parameterBindings: nullable(json(textByName, { writable: 'edit' })),
    /** The property of an option that says how many of each plate. */
    plateQuantitiesBinding: nullable(text({ writable: 'edit', max: 1024 })),
    /** Its place among the parts of its SKU: they are answered in the order in which they were given. */
    position: withDefault(integer({ min: 0, hidden: true }), 0),
  },
});
