import { z } from 'zod';
import { PART_TYPES } from '../contract/enums.js';
import { choice, date, flag, id, json, nullable, text, withDefault, words } from './column.js';
import { estimateShape, metadataShape } from './file-shapes.js';
import { many, one, resource } from './resource.js';
import { partMaterial, partParameter, record, tags } from './shapes.js';

/** Something that can be printed, with its files. */
export const part = resource({
  name: 'part',
  label: 'part',
  path: '/v1/parts',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'part.view' },
  relations: {
    folder: one('folder', 'folderId'),
    linkedParts: many('linkedPart', 'partId'),
    materialAssignments: many('partMaterialAssignment', 'partId'),
    overriddenProcessProfile: one('profile', 'overriddenProcessProfileId'),
    printJobs: many('printJob', 'partId'),
  },
  events: 'parts',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    type: choice(PART_TYPES, { writable: 'edit' }),
    description: withDefault(text({ writable: 'edit' }), ''),
    fileUris: words({ writable: 'edit', max: 200 }),
    /** SHA-256 of each file, in the order of `fileUris`. */
    fileHashes: words(),
    thumbnailUri: nullable(text()),
    parameters: withDefault(json(z.array(partParameter), { writable: 'edit' }), []),
    printTags: withDefault(json(tags, { writable: 'edit' }), {}),
    overriddenProcessProfileId: nullable(
      id({ writable: 'edit', references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    folderId: nullable(
      id({ writable: 'edit', references: { resource: 'folder', onDelete: 'cascade', by: 'code' } }),
    ),
    materials: nullable(json(z.array(partMaterial))),
    slicerOverride: nullable(text({ writable: 'edit' })),
    metadata: nullable(json(record)),
    slicingEstimate: nullable(json(record)),
    use3MFProcessProfile: withDefault(flag({ writable: 'edit' }), false),
    arrangeable: withDefault(flag({ writable: 'edit' }), false),
    userTags: withDefault(words({ writable: 'edit', max: 10 }), []),
    gcodePlateUris: nullable(json(z.record(z.string(), z.string()))),
    uploadedAt: nullable(date()),
  },
  shape: () => ({ metadata: metadataShape().nullable(), slicingEstimate: estimateShape().nullable() }),
  overrides: (row, presenter) => ({
    thumbnailUri: row.thumbnailUri === null ? null : presenter.fileUrl(row.thumbnailUri),
  }),
});
