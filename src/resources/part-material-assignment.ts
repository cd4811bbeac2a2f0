import { id, integer, nullable, text } from './column.js';
import { one, resource } from './resource.js';

/** One material that will do for a filament channel of a part; the lowest priority is taken first. */
export const partMaterialAssignment = resource({
  name: 'partMaterialAssignment',
  label: 'material of a part',
  path: '/v1/part-material-assignments',
  operations: ['list', 'search'],
  permissions: { view: 'part.view' },
  relations: {
    part: one('part', 'partId'),
    material: one('material', 'materialId'),
    variant: one('materialVariant', 'variantId'),
    group: one('materialGroup', 'groupId'),
  },
  events: 'partMaterialAssignments',
  defaultSort: [
    { field: 'partId', direction: 'asc' },
    { field: 'index', direction: 'asc' },
    { field: 'priority', direction: 'asc' },
  ],
  columns: {
    groupId: nullable(id({ references: { resource: 'materialGroup', onDelete: 'cascade' } })),
    variantId: nullable(id({ references: { resource: 'materialVariant', onDelete: 'cascade' } })),
    materialId: nullable(id({ references: { resource: 'material', onDelete: 'cascade' } })),
    materialType: nullable(text({ max: 255 })),
    partId: id({ references: { resource: 'part', onDelete: 'cascade' } }),
    /** Filament channel, from 0. */
    index: integer({ min: 0 }),
    priority: integer({ min: 0 }),
  },
});
