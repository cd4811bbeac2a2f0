import { flag, json, text, withDefault } from './column.js';
import { many, resource } from './resource.js';
import { record } from './shapes.js';

/** A feature as something that could be subscribed to. */
export const addon = resource({
  name: 'addon',
  label: 'add-on',
  path: '/v1/addons',
  relations: { tiers: many('addonTier', 'addonId') },
  columns: {
    addonType: text({ max: 64 }),
    name: text({ max: 255 }),
    requiresCommercial: withDefault(flag(), false),
    isActive: withDefault(flag(), true),
    metadata: json(record),
  },
  // The contract's Addon belongs to no store.
  omit: ['storeId'],
});
