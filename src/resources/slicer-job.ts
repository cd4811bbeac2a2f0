import { SLICER_JOB_STATUSES, SLICER_OUTPUT_FORMATS } from '../contract/enums.js';
import { choice, date, flag, id, integer, nullable, text, withDefault, words } from './column.js';
import { one, resource } from './resource.js';

/** One run of a slicer. */
export const slicerJob = resource({
  name: 'slicerJob',
  label: 'slicer job',
  path: '/v1/slicer',
  operations: ['list', 'search'],
  permissions: { view: 'settings.view' },
  relations: { part: one('part', 'partId') },
  events: 'slicerJobs',
  columns: {
    slicerVersion: text(),
    fileUrl: text(),
    machineProfileUri: text(),
    filamentProfileUris: words(),
    processProfileUri: text(),
    filamentColors: nullable(words()),
    plateId: integer(),
    arrangeable: withDefault(flag(), false),
    outputFormat: choice(SLICER_OUTPUT_FORMATS),
    partId: nullable(id({ references: { resource: 'part', onDelete: 'set null' } })),
    status: choice(SLICER_JOB_STATUSES),
    outputUri: nullable(text()),
    logsUri: nullable(text()),
    inputHash: nullable(text()),
    cached: withDefault(flag(), false),
    errorMessage: nullable(text()),
    startedAt: nullable(date()),
    completedAt: nullable(date()),
  },
});
