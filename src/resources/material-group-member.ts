import { id, integer, nullable, text } from './column.js';
import { one, resource } from './resource.js';

/** One material of a group: a variant, or a material in any colour. */
export const materialGroupMember = resource({
  name: 'materialGroupMember',
  label: 'member of a material group',
  permissions: { view: 'material.view', create: 'material.edit', delete: 'material.edit' },
  relations: {
    group: one('materialGroup', 'materialGroupId'),
    material: one('material', 'materialId'),
    variant: one('materialVariant', 'variantId'),
  },
  events: 'materialGroupMembers',
  defaultSort: [
    { field: 'priority', direction: 'asc' },
    { field: 'createdAt', direction: 'asc' },
  ],
  columns: {
    variantId: nullable(
      id({ writable: 'create', references: { resource: 'materialVariant', onDelete: 'cascade' } }),
    ),
    materialId: nullable(
      id({ writable: 'create', references: { resource: 'material', onDelete: 'cascade' } }),
    ),
    materialGroupId: id({
      writable: 'create',
      references: { resource: 'materialGroup', onDelete: 'cascade' },
    }),
    /** Filled in from the material. */
    materialType: text(),
    /** Lower comes first. */
    priority: integer({ min: 0, writable: 'create' }),
  },
});
