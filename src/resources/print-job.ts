import { z } from 'zod';
import { JOB_STATUSES, PRIORITIES } from '../contract/enums.js';
import { choice, date, flag, id, integer, json, nullable, text, withDefault, words } from './column.js';
import { skipObjectsShape } from './file-shapes.js';
import { one, resource } from './resource.js';
import {
  jobExtensions,
  materialAssignments,
  materialMapping,
  parameterOverride,
  record,
  tags,
} from './shapes.js';

/** One print of one plate. What the queue holds, and what a printer is given. */
export const printJob = resource({
  name: 'printJob',
  label: 'print job',
  path: '/v1/print-jobs',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'queue.view' },
  relations: {
    part: one('part', 'partId'),
    partBuild: one('partBuild', 'partBuildId'),
    sku: one('sku', 'skuId'),
    linkedPart: one('linkedPart', 'linkedPartId'),
    assignedPrinter: one('printer', 'assignedPrinterId'),
    order: one('order', 'orderId'),
    orderItem: one('orderItem', 'orderItemId'),
  },
  events: 'printJobs',
  defaultSort: [
    { field: 'priority', direction: 'asc' },
    { field: 'queueOrder', direction: 'asc' },
    { field: 'createdAt', direction: 'asc' },
  ],
  columns: {
    partBuildId: id({ references: { resource: 'partBuild', onDelete: 'restrict' } }),
    quantityIndex: integer({ min: 1 }),
    quantityTotal: integer({ min: 1 }),
    thumbnailUri: nullable(text()),
    coloredThumbnailUri: nullable(text()),
    buildThumbnailUri: nullable(text()),
    filesToPrint: words(),
    slicerInputHash: nullable(text()),
    isGcodeCached: withDefault(flag(), false),
    slicedGcodeUri: nullable(text()),
    partId: nullable(id({ references: { resource: 'part', onDelete: 'set null' } })),
    partName: text({ min: 1, max: 1024 }),
    skuId: nullable(id({ references: { resource: 'sku', onDelete: 'set null', by: 'code' } })),
    skuName: nullable(text()),
    parameterOverrides: withDefault(json(z.array(parameterOverride)), []),
    orderId: nullable(id({ references: { resource: 'order', onDelete: 'set null', by: 'code' } })),
    label: text(),
    orderItemId: nullable(id({ references: { resource: 'orderItem', onDelete: 'set null', by: 'code' } })),
    linkedPartId: nullable(id({ references: { resource: 'linkedPart', onDelete: 'set null', by: 'code' } })),
    skuInstance: nullable(integer()),
    queueOrder: integer({ min: 0 }),
    /** 100 normal, 1000 low. */
    priority: integer(),
    requiredPrinterTags: withDefault(json(tags), {}),
    overriddenProcessProfileId: nullable(
      id({ references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    /** The number the printer is given to recognise our print by; 0 before the first dispatch. */
    taskId: withDefault(integer({ min: 0 }), 0),
    profileUris: nullable(words()),
    assignedPrinterId: nullable(id()),
    assignmentStartedAt: nullable(date()),
    assignmentCompletedAt: nullable(date()),
    printingStartedAt: nullable(date()),
    printingCompletedAt: nullable(date()),
    cancelledAt: nullable(date()),
    status: choice(JOB_STATUSES),
    errorMessage: nullable(text()),
    hidden: withDefault(flag(), false),
    logsUri: nullable(text()),
    extensions: nullable(json(jobExtensions)),
    skipObjectsData: nullable(json(record)),
    materialMapping: nullable(json(materialMapping)),
    materialAssignments: nullable(json(materialAssignments)),
    gcodeAnalysisSha256: nullable(text()),
    /** Printers that failed to take this job since it was last queued by a person. */
    excludedPrinterIds: withDefault(words({ hidden: true }), []),
  },
  shape: () => ({
    priority: z.literal(PRIORITIES),
    skipObjectsData: skipObjectsShape().nullable(),
  }),
  overrides(row, presenter) {
    const url = (uri: string | null) => (uri === null ? null : presenter.fileUrl(uri));
    return {
      thumbnailUri: url(row.thumbnailUri),
      coloredThumbnailUri: url(row.coloredThumbnailUri),
      buildThumbnailUri: url(row.buildThumbnailUri),
    };
  },
});
