import { z } from 'zod';
import { flag, id, integer, json, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

const experimentalFeatures = z.object({ 'financial-tracking': z.boolean().optional() });
const generalSettings = z.object({
  autoMatchMaterialsNewPart: z.boolean().optional(),
  autoMatchMaterialsReupload: z.boolean().optional(),
});

const PROFILE = { resource: 'profile', onDelete: 'set null', by: 'code' } as const;

/** How the farm likes to work. One row for each store. */
export const storeSettings = resource({
  name: 'storeSettings',
  label: 'store settings',
  path: '/v1/settings/store',
  operations: ['search'],
  permissions: { view: 'settings.view', edit: 'settings.edit' },
  events: 'storeSettings',
  columns: {
    slicer: nullable(text({ max: 255, writable: 'edit' })),
    /** Whether jobs of low priority may fill printers that no waiting job of normal priority fits. */
    processLowPriorityJobs: withDefault(flag({ writable: 'edit' }), false),
    currency: withDefault(nullable(text({ max: 16, writable: 'edit' })), 'USD'),
    currencySymbol: withDefault(nullable(text({ max: 16, writable: 'edit' })), '$'),
    defaultPrinterUserProfileId: nullable(id({ writable: 'edit', references: PROFILE })),
    defaultPrinterSystemProfileId: nullable(integer({ writable: 'edit' })),
    defaultProcessUserProfileId: nullable(id({ writable: 'edit', references: PROFILE })),
    defaultProcessSystemProfileId: nullable(integer({ writable: 'edit' })),
    defaultFallbackFilamentUserProfileId: nullable(id({ writable: 'edit', references: PROFILE })),
    defaultFallbackFilamentSystemProfileId: nullable(integer({ writable: 'edit' })),
    experimentalFeatures: withDefault(nullable(json(experimentalFeatures, { writable: 'edit' })), {
      'financial-tracking': false,
    }),
    generalSettings: withDefault(nullable(json(generalSettings, { writable: 'edit' })), {
      autoMatchMaterialsNewPart: true,
      autoMatchMaterialsReupload: true,
    }),
  },
});
