import { id, nullable, real, text } from './column.js';
import { many, one, resource } from './resource.js';

/** One spool. */
export const materialInstance = resource({
  name: 'materialInstance',
  label: 'material instance',
  permissions: {
    view: 'material.instance.view',
    create: 'material.instance.create',
    edit: 'material.instance.edit',
    delete: 'material.instance.delete',
  },
  relations: {
    material: one('material', 'materialId'),
    variant: one('materialVariant', 'variantId'),
    slots: many('printerSlot', 'instanceId'),
  },
  events: 'materialInstances',
  columns: {
    variantId: id({ writable: 'edit', references: { resource: 'materialVariant', onDelete: 'cascade' } }),
    materialId: id({ writable: 'edit', references: { resource: 'material', onDelete: 'cascade' } }),
    /** Filled in from the material. */
    materialType: text(),
    /** Grams. */
    remainingMaterial: real({ min: 0, writable: 'edit' }),
    source: nullable(text({ max: 255, writable: 'edit' })),
    externalId: nullable(text({ max: 1024, writable: 'edit' })),
  },
});
