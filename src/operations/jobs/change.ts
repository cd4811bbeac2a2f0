import { z } from 'zod';
import { PRIORITIES } from '../../contract/enums.js';
import { editJob, editOf } from '../../domain/job-edit.js';
import { hasEnded } from '../../domain/job-status.js';
import { answered } from '../../resources/answered.js';
import { printJob } from '../../resources/index.js';
import type { Values } from '../../resources/inputs.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';
import { jobIds, jobsOf, refuseOthers } from './by-ids.js';

/** Fields that the contract lets a request name. Most are fixed: naming them is right as long as nothing differs. */
const NAMED = [
  'partBuildId',
  'quantityIndex',
  'quantityTotal',
  'thumbnailUri',
  'buildThumbnailUri',
  'filesToPrint',
  'partId',
  'partName',
  'skuId',
  'skuName',
  'skuInstance',
  'parameterOverrides',
  'orderId',
  'orderItemId',
  'linkedPartId',
  'label',
  'requiredPrinterTags',
  'overriddenProcessProfileId',
  'assignmentStartedAt',
  'status',
  'extensions',
  'skipObjectsData',
  'materialAssignments',
] as const;

const jobChange: z.ZodType<Values> = z.object({
  ...Object.fromEntries(NAMED.map((name) => [name, printJob.columns[name].schema.optional()])),
  priority: z.literal(PRIORITIES).optional(),
});

/** What is changed of jobs beside their course: what they ask for, and whether they are still shown. */
export function jobChangeOperations({
  database,
  presenter,
}: Pick<Deps, 'database' | 'presenter'>): Operation[] {
  const clear = operation({
    id: 'printJobs.clear',
    method: 'PATCH',
    path: '/v1/print-jobs/clear',
    status: 200,
    summary: 'Hide jobs that have ended from view; they stay in the history',
    permissions: ['job.delete.all'],
    orPermission: 'job.delete.own',
    params: noParams,
    body: jobIds,
    answer: () => ids,
    run: ({ body }, { caller, write }) =>
      database.write(write, async (tx) => {
        const ended = (await jobsOf(tx, body, caller, 'job.delete.all')).filter(
          ({ status, hidden }) => hasEnded(status) && !hidden,
        );
        for (const { id } of ended) await tx.update(printJob, id, { hidden: true });
        return ended.map(({ id }) => id);
      }),
  });

  const update = operation({
    id: 'printJobs.update',
    method: 'PATCH',
    path: '/v1/print-jobs/{id}',
    status: 200,
    summary: 'Change what a pending job asks for: label, priority, tags, materials, process profile',
    permissions: ['job.edit.all'],
    orPermission: 'job.edit.own',
    params: idParam,
    body: jobChange,
    answer: () => answered(printJob),
    async run({ params, body }, { caller, write }) {
      const row = await database.write(write, async (tx) => {
        const job = await tx.get(printJob, params.id);
        await refuseOthers(tx, job, caller, 'job.edit.all');
        const edit = editOf(printJob.present(job, presenter), body);
        return editJob(tx, job, edit, caller.permissions.has('organization.owner'));
      });
      return printJob.present(row, presenter);
    },
  });

  return [clear, update];
}
