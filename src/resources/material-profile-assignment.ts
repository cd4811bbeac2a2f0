import { id, integer, nullable, text } from './column.js';
import { one, resource } from './resource.js';

/** Which filament profile slices a material, or one variant of it, for a printer model and nozzle. */
export const materialProfileAssignment = resource({
  name: 'materialProfileAssignment',
  label: 'profile of a material',
  path: '/v1/material-profile-assignments',
  operations: ['list', 'search'],
  permissions: { view: 'material.view' },
  relations: {
    material: one('material', 'materialId'),
    variant: one('materialVariant', 'variantId'),
    userProfile: one('profile', 'userProfileId'),
  },
  events: 'materialProfileAssignments',
  columns: {
    modelId: id(),
    /** Millimetres as text, such as `0.4`. */
    nozzleDiameter: text({ max: 16 }),
    materialId: nullable(id({ references: { resource: 'material', onDelete: 'cascade' } })),
    variantId: nullable(id({ references: { resource: 'materialVariant', onDelete: 'cascade' } })),
    userProfileId: nullable(id({ references: { resource: 'profile', onDelete: 'cascade', by: 'code' } })),
    systemProfileId: nullable(integer()),
  },
});
