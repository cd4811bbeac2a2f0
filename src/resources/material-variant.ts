import { z } from 'zod';
import { formed, id, integer, nullable, real, text, withDefault, words } from './column.js';
import { many, one, resource } from './resource.js';

/** Several colours of one spool are joined by `;`. */
const COLOUR = z
  .string()
  .regex(
    /^#([A-Fa-f0-9]{8})(;#([A-Fa-f0-9]{8}))*$/,
    'a colour such as #FF6A13FF, several of one spool joined by ;',
  )
  .max(400);

/** A material in one colour. */
export const materialVariant = resource({
  name: 'materialVariant',
  label: 'material variant',
  path: '/v1/material-variants',
  operations: ['list', 'search'],
  permissions: {
    view: 'material.view',
    create: 'material.create',
    edit: 'material.edit',
    delete: 'material.delete',
  },
  relations: {
    material: one('material', 'materialId'),
    instances: many('materialInstance', 'variantId'),
    profileAssignments: many('materialProfileAssignment', 'variantId'),
  },
  events: 'materialVariants',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    materialId: id({ writable: 'edit', references: { resource: 'material', onDelete: 'cascade' } }),
    color: nullable(formed(COLOUR, { writable: 'edit' })),
    tags: withDefault(words({ writable: 'edit', max: 100 }), []),
    filamentUserProfileId: nullable(
      id({ writable: 'edit', references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    filamentSystemProfileId: nullable(integer({ writable: 'edit' })),
    /** Null takes the material's. */
    pricePer1000g: nullable(real({ min: 0, writable: 'edit' })),
    pressureAdvance: nullable(real({ min: 0, writable: 'edit' })),
    source: nullable(text({ max: 255, writable: 'edit' })),
    externalId: nullable(text({ max: 1024, writable: 'edit' })),
  },
});
