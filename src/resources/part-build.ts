import { z } from 'zod';
import { BUILD_PRINT_STATUSES, BUILD_STATUSES, POSITIONS, PRIORITIES } from '../contract/enums.js';
import { answered } from './answered.js';
import { choice, date, flag, id, integer, json, nullable, text, withDefault, words } from './column.js';
import { part } from './part.js';
import { many, one, resource } from './resource.js';
import { buildExtensions, materialAssignments, parameterOverride, record, tags } from './shapes.js';

/** One line of a print request: a part, how many, and a frozen copy of the part as it was then. */
export const partBuild = resource({
  name: 'partBuild',
  label: 'part build',
  path: '/v1/part-builds',
  permissions: { view: 'queue.view' },
  relations: {
    part: one('part', 'partId'),
    order: one('order', 'orderId'),
    orderItem: one('orderItem', 'orderItemId'),
    skuBuild: one('skuBuild', 'skuBuildId'),
    steps: many('partBuildStep', 'partBuildId'),
    printJobs: many('printJob', 'partBuildId'),
  },
  events: 'partBuilds',
  columns: {
    partId: nullable(id({ references: { resource: 'part', onDelete: 'set null' } })),
    skuBuildId: nullable(id()),
    skuId: nullable(id({ references: { resource: 'sku', onDelete: 'set null', by: 'code' } })),
    skuName: nullable(text({ min: 1, max: 1024 })),
    label: nullable(text({ min: 1, max: 1024 })),
    partCopy: json(record),
    requiredPrinterTags: withDefault(json(tags), {}),
    quantity: integer({ min: 0, max: 500 }),
    numPartsPerSku: nullable(integer()),
    skuInstanceStart: nullable(integer()),
    parameterOverrides: withDefault(json(z.array(parameterOverride)), []),
    status: choice(BUILD_STATUSES),
    outputFiles: nullable(words()),
    thumbnailUri: nullable(text()),
    assignmentStartedAt: nullable(date()),
    assignmentCompletedAt: nullable(date()),
    printingStartedAt: nullable(date()),
    printingCompletedAt: nullable(date()),
    printStatus: choice(BUILD_PRINT_STATUSES),
    extensions: nullable(json(buildExtensions)),
    materialAssignments: nullable(json(materialAssignments)),
    /** 100 or 1000. */
    priority: integer(),
    position: choice(POSITIONS),
    orderId: nullable(id({ references: { resource: 'order', onDelete: 'set null', by: 'code' } })),
    orderItemId: nullable(id({ references: { resource: 'orderItem', onDelete: 'set null', by: 'code' } })),
    linkedPartId: nullable(id({ references: { resource: 'linkedPart', onDelete: 'set null', by: 'code' } })),
    dismissed: withDefault(flag(), false),
    /** Who asked for it, for permissions over one's own jobs. */
    createdByActor: nullable(text({ hidden: true })),
  },
  shape: () => ({ partCopy: answered(part), priority: z.literal(PRIORITIES) }),
  overrides(row, presenter) {
    const url = (uri: string | null) => (uri === null ? null : presenter.fileUrl(uri));
    const { thumbnailUri } = row.partCopy;
    return {
      thumbnailUri: url(row.thumbnailUri),
      partCopy: {
        ...row.partCopy,
        thumbnailUri: typeof thumbnailUri === 'string' ? url(thumbnailUri) : null,
      },
    };
  },
});
