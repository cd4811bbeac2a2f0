import { flag, id, integer, nullable, real, text, withDefault, words } from './column.js';
import { many, one, resource } from './resource.js';

/** A filament of one maker: its variants are its colours, its instances the spools of it. */
export const material = resource({
  name: 'material',
  label: 'material',
  path: '/v1/materials',
  operations: ['list', 'search', 'get', 'create', 'update', 'delete', 'deleteMany'],
  permissions: {
    view: 'material.view',
    create: 'material.create',
    edit: 'material.edit',
    delete: 'material.delete',
  },
  relations: {
    variants: many('materialVariant', 'materialId'),
    instances: many('materialInstance', 'materialId'),
    profileAssignments: many('materialProfileAssignment', 'materialId'),
    filamentUserProfile: one('profile', 'filamentUserProfileId'),
  },
  events: 'materials',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    brand: text({ min: 1, max: 1024, writable: 'edit' }),
    /** Filament type such as `PLA`; it stays as it was made. */
    type: text({ min: 1, max: 255, writable: 'create' }),
    /** What a printer calls it in its slots, such as `GFA00`; upper case, unique within the store. */
    identifier: nullable(text({ min: 1, max: 8, writable: 'edit' })),
    tags: withDefault(words({ writable: 'edit', max: 100 }), []),
    filamentUserProfileId: nullable(
      id({ writable: 'edit', references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    filamentSystemProfileId: nullable(integer({ writable: 'edit' })),
    starred: withDefault(flag({ writable: 'edit' }), false),
    pricePer1000g: nullable(real({ min: 0, writable: 'edit' })),
    source: nullable(text({ max: 255, writable: 'create' })),
    externalId: nullable(text({ max: 1024, writable: 'create' })),
  },
});
