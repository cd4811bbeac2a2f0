import { z } from 'zod';
import { PRIORITIES } from '../../contract/enums.js';
import { moveToFront, reorder, reorderMany } from '../../domain/queue-moves.js';
import { printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';
import { jobIds, jobsOf } from './by-ids.js';

/** Places are whole numbers for clients that read integers; far below the limit there is always one behind the last. */
const place = {
  newQueueOrder: z
    .int()
    .min(0)
    .max(2 ** 50)
    .optional(),
  priority: z.literal(PRIORITIES).optional(),
};

/** The order in which jobs wait. Each call is one transaction: none sees a queue that another has half changed. */
export function queueOrderOperations({ database }: Pick<Deps, 'database'>): Operation[] {
  const toFront = operation({
    id: 'printJobs.moveToQueueFront',
    method: 'PATCH',
    path: '/v1/print-jobs/move-to-queue-front',
    status: 200,
    summary: 'Put pending jobs before the first of their tier, in the order given',
    permissions: ['queue.override'],
    params: noParams,
    body: jobIds,
    answer: () => ids,
    run: ({ body }, { caller, write }) =>
      database.write(write, async (tx) => moveToFront(tx, await jobsOf(tx, body, caller, 'queue.override'))),
  });

  const one = operation({
    id: 'printJobs.reorder',
    method: 'PATCH',
    path: '/v1/print-jobs/{id}/reorder',
    status: 200,
    summary: 'Put a pending job at the place of another, which moves on; or into the other tier',
    permissions: ['queue.manage'],
    params: idParam,
    body: z.object(place),
    answer: null,
    async run({ params, body }, { write }) {
      await database.write(write, async (tx) => reorder(tx, await tx.get(printJob, params.id), body));
      return NOTHING;
    },
  });

  const many = operation({
    id: 'printJobs.bulkReorder',
    method: 'PATCH',
    path: '/v1/print-jobs/bulk-reorder',
    status: 200,
    summary: 'Give many pending jobs their places at once, all or none',
    permissions: ['queue.manage'],
    params: noParams,
    body: z.object({
      updates: z
        .array(z.object({ id: z.string(), ...place }))
        .max(10_000)
        .refine((updates) => new Set(updates.map((update) => update.id)).size === updates.length, {
          error: 'each print job once',
        }),
    }),
    answer: null,
    async run({ body }, { write }) {
      await database.write(write, (tx) => reorderMany(tx, body.updates));
      return NOTHING;
    },
  });

  return [toFront, many, one];
}
