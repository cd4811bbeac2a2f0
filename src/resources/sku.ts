import { z } from 'zod';
import { EXTERNAL_PROVIDERS } from '../contract/enums.js';
import { choice, id, json, nullable, real, text, withDefault } from './column.js';
import { many, one, resource } from './resource.js';
import { skuInput } from './shapes.js';

/** What a shop sells under one code: so many copies of these parts, with what it costs to make them. */
export const sku = resource({
  name: 'sku',
  label: 'SKU',
  path: '/v1/skus',
  operations: ['list', 'search', 'delete'],
  permissions: { view: 'sku.view', create: 'sku.create', edit: 'sku.edit', delete: 'sku.delete' },
  relations: {
    linkedParts: many('linkedPart', 'skuId'),
    folder: one('folder', 'folderId'),
    optionBindings: many('skuOptionBinding', 'skuId'),
    costs: many('skuCost', 'skuId'),
    orderItems: many('orderItem', 'skuId'),
  },
  events: 'skus',
  columns: {
    /** The code itself: without blanks around it, unique within the store, upper and lower case apart. */
    sku: text({ min: 1, max: 1024, writable: 'edit' }),
    title: text({ writable: 'edit' }),
    description: text({ writable: 'edit' }),
    externalId: nullable(text({ min: 1, max: 1024, writable: 'edit' })),
    externalProvider: nullable(choice(EXTERNAL_PROVIDERS, { writable: 'edit' })),
    folderId: nullable(id({ writable: 'edit', references: { resource: 'folder', onDelete: 'cascade' } })),
    /** What one of it costs to make, in the store's currency: the total of its cost breakdown. */
    totalCogs: withDefault(real(), 0),
    /** Questions to the buyer in the way of older clients: kept and answered as they came. */
    inputs: withDefault(json(z.array(skuInput).max(1_000), { writable: 'edit' }), []),
  },
  // No part of the contract's shape, so no list goes by it; but what a client gave it gets back.
  omit: ['inputs'],
  overrides: (row) => ({ inputs: row.inputs }),
  shape: () => ({ inputs: z.array(skuInput) }),
});
