import { z } from 'zod';
import { PRIORITIES, SKU_BUILD_STATUSES } from '../contract/enums.js';
import { answered } from './answered.js';
import { choice, id, integer, json, nullable } from './column.js';
import { many, one, resource } from './resource.js';
import { record, selectedOptions } from './shapes.js';
import { sku } from './sku.js';

/** One line of a print request for a SKU, with a frozen copy of the SKU as it was then. */
export const skuBuild = resource({
  name: 'skuBuild',
  label: 'SKU build',
  path: '/v1/sku-builds',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'queue.view' },
  relations: {
    partBuilds: many('partBuild', 'skuBuildId'),
    sku: one('sku', 'skuId'),
    order: one('order', 'orderId'),
    orderItem: one('orderItem', 'orderItemId'),
  },
  events: 'skuBuilds',
  columns: {
    skuId: nullable(id({ references: { resource: 'sku', onDelete: 'set null' } })),
    skuCopy: json(record),
    status: choice(SKU_BUILD_STATUSES),
    /** Number of its first copy; copies of an order count on over several builds. */
    skuInstanceStart: nullable(integer({ min: 1 })),
    orderId: nullable(id({ references: { resource: 'order', onDelete: 'set null', by: 'code' } })),
    orderItemId: nullable(id({ references: { resource: 'orderItem', onDelete: 'set null', by: 'code' } })),
    /** 100 or 1000. */
    priority: integer(),
    /** Option id to the name of the value that was chosen. */
    selectedOptions: nullable(json(selectedOptions)),
  },
  shape: () => ({ skuCopy: answered(sku), priority: z.literal(PRIORITIES) }),
});
