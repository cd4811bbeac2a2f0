import { date, id, integer, json, nullable, text, withDefault } from './column.js';
import { one, resource } from './resource.js';
import { expectedData } from './shapes.js';

/** A place on a printer that can hold a spool. Made, changed and removed by what the printer reports. */
export const printerSlot = resource({
  name: 'printerSlot',
  label: 'printer slot',
  path: '/v1/printer-slots',
  operations: ['list', 'search'],
  permissions: { view: 'printer.view' },
  relations: {
    printer: one('printer', 'printerId'),
    material: one('material', 'materialId'),
    variant: one('materialVariant', 'variantId'),
    instance: one('materialInstance', 'instanceId'),
    filamentUserProfile: one('profile', 'filamentUserProfileId'),
  },
  events: 'printerSlots',
  defaultSort: [
    { field: 'printerId', direction: 'asc' },
    { field: 'amsIndex', direction: 'asc' },
    { field: 'slotIndex', direction: 'asc' },
  ],
  columns: {
    printerId: id({ references: { resource: 'printer', onDelete: 'cascade' } }),
    materialId: nullable(id({ references: { resource: 'material', onDelete: 'set null', by: 'code' } })),
    variantId: nullable(
      id({ references: { resource: 'materialVariant', onDelete: 'set null', by: 'code' } }),
    ),
    instanceId: nullable(
      id({ references: { resource: 'materialInstance', onDelete: 'set null', by: 'code' } }),
    ),
    materialType: nullable(text()),
    expectedData: nullable(json(expectedData)),
    expectedDataSetAt: nullable(date()),
    /** What the printer was told is in it, until it reports that; '' where anything will do. */
    awaitedData: nullable(json(expectedData, { hidden: true })),
    /** -1 is the external holder; AMS units count from 0 in the printer's order. */
    amsIndex: integer({ min: -1 }),
    slotIndex: integer({ min: 0 }),
    /** The printer's own tray number. */
    slot: withDefault(integer({ min: -64, max: 255 }), 0),
    filamentUserProfileId: nullable(
      id({ references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    filamentSystemProfileId: nullable(integer()),
  },
});
