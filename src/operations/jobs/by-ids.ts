import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import type { Permission } from '../../contract/permissions.js';
import type { Transaction } from '../../database/transaction.js';
import type { PrintJob } from '../../domain/jobs.js';
import { partBuild, printJob } from '../../resources/index.js';
import type { Caller } from '../operation.js';

/** `printJobIds` is the contract's name; real clients also send the other two. */
export const jobIds = z
  .object({
    printJobIds: z.array(z.string()).max(10_000).optional(),
    ids: z.array(z.string()).max(10_000).optional(),
    printJobId: z.string().optional(),
  })
  .transform((body, context) => {
    const given =
      body.printJobIds ?? body.ids ?? (body.printJobId === undefined ? undefined : [body.printJobId]);
    if (given) return [...new Set(given)];
    context.issues.push({ code: 'custom', message: 'a list of ids', path: ['printJobIds'], input: body });
    return z.NEVER;
  });

/**
 * The jobs among the ids, as far as there are any.
 *
 * @param needed what lets the caller act on everybody's jobs; without it only those that it queued itself
 * @throws ApiError forbidden for somebody else's
 */
export async function jobsOf(
  tx: Transaction,
  ids: readonly string[],
  caller: Caller,
  needed: Permission,
): Promise<readonly PrintJob[]> {
  const jobs: PrintJob[] = [];
  for (const id of ids) {
    const job = await tx.find(printJob, id);
    if (!job) continue;
    await refuseOthers(tx, job, caller, needed);
    jobs.push(job);
  }
  return jobs;
}

/** @throws ApiError forbidden when somebody else queued the job and the caller may act on its own alone */
export async function refuseOthers(
  tx: Transaction,
  job: PrintJob,
  { permissions, actor }: Caller,
  needed: Permission,
): Promise<void> {
  if (permissions.has(needed)) return;
  const build = await tx.get(partBuild, job.partBuildId);
  if (build.createdByActor !== null && build.createdByActor === actor.id) return;
  throw new ApiError(
    'forbidden',
    `The print job ${job.id} was queued by somebody else; this needs ${needed}`,
    { requiredPermissions: [needed] },
  );
}
