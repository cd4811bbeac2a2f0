import { BUILD_STEP_STATUSES, BUILDERS } from '../contract/enums.js';
import { choice, date, flag, id, integer, json, nullable, text, withDefault, words } from './column.js';
import { one, resource } from './resource.js';
import { stepParameters } from './shapes.js';

/** One program run on the way from a part's files to something that a printer takes. Sliced files need none. */
export const partBuildStep = resource({
  name: 'partBuildStep',
  label: 'part build step',
  path: '/v1/part-build-steps',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'build.view' },
  relations: {
    partBuild: one('partBuild', 'partBuildId'),
    nextStep: one('partBuildStep', 'nextStepId'),
    cachedBuildStep: one('partBuildStep', 'cachedBuildStepId'),
  },
  events: 'partBuildSteps',
  columns: {
    partBuildId: id({ references: { resource: 'partBuild', onDelete: 'cascade' } }),
    order: integer({ min: 0 }),
    builder: choice(BUILDERS),
    inputFiles: words(),
    inputParameters: withDefault(json(stepParameters), {}),
    inputHash: nullable(text({ min: 1 })),
    cachedBuildStepId: nullable(id({ references: { resource: 'partBuildStep', onDelete: 'set null' } })),
    cachedOutputFile: nullable(text()),
    outputFiles: words(),
    status: choice(BUILD_STEP_STATUSES),
    logs: withDefault(words(), []),
    requiresAssignedPrinter: flag(),
    nextStepId: nullable(id({ references: { resource: 'partBuildStep', onDelete: 'set null' } })),
    startedAt: nullable(date()),
    completedAt: nullable(date()),
  },
});
