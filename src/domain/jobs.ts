import type { JobStatus } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { partBuild, printJob, skuBuild } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';
import { buildStatusOf, hasEnded, mayMove, skuBuildStatusOf } from './job-status.js';

export type PrintJob = Row<typeof printJob>;
export type PrintJobPatch = Patch<typeof printJob>;

/**
 * Moves a job to a status and brings its build's roll-up along, in the caller's transaction.
 *
 * @throws ApiError invalid_state when no arrow leads there
 */
export async function moveJob(
  tx: Transaction,
  id: string,
  to: JobStatus,
  patch: PrintJobPatch = {},
): Promise<PrintJob> {
  return moveJobThrough(tx, id, [to], patch);
}

/** The same over statuses that nothing stands between: only the last is written. */
export async function moveJobThrough(
  tx: Transaction,
  id: string,
  path: readonly [...JobStatus[], JobStatus],
  patch: PrintJobPatch,
): Promise<PrintJob> {
  const job = await tx.get(printJob, id);
  let { status } = job;
  for (const next of path) {
    checkMove(job.id, status, next);
    status = next;
  }
  const to = status;
  const moved = await tx.update(printJob, job.id, { ...patch, status: to });
  if (job.status !== to) await rollUpBuild(tx, job.partBuildId);
  return moved;
}

/**
 * Moves many jobs to one status. Each build is rolled up once, not once for each of its jobs: a thousand jobs of one
 * build would otherwise be read a thousand times.
 *
 * @throws ApiError invalid_state when no arrow leads there for one of them
 */
export async function moveJobs(
  tx: Transaction,
  jobs: readonly PrintJob[],
  to: JobStatus,
  patchOf: (job: PrintJob, index: number) => PrintJobPatch,
): Promise<void> {
  for (const [index, job] of jobs.entries()) await moveOne(tx, job, to, patchOf(job, index));
  for (const buildId of new Set(jobs.map((job) => job.partBuildId))) await rollUpBuild(tx, buildId);
}

/**
 * Cancels jobs that no printer has begun.
 *
 * @throws ApiError invalid_state when one of them has ended
 */
export function cancelJobs(tx: Transaction, jobs: readonly PrintJob[]): Promise<void> {
  return moveJobs(tx, jobs, 'cancelled', () => ({ cancelledAt: tx.now }));
}

async function moveOne(
  tx: Transaction,
  job: PrintJob,
  to: JobStatus,
  patch: PrintJobPatch,
): Promise<PrintJob> {
  checkMove(job.id, job.status, to);
  return tx.update(printJob, job.id, { ...patch, status: to });
}

function checkMove(id: string, from: JobStatus, to: JobStatus): void {
  if (from === to || mayMove(from, to)) return;
  throw new ApiError('invalid_state', `The print job ${id} is ${from}; it cannot become ${to}`);
}

/** What a job loses when it goes back to the queue. */
export const BACK_IN_QUEUE = {
  assignedPrinterId: null,
  assignmentStartedAt: null,
  assignmentCompletedAt: null,
  printingStartedAt: null,
  printingCompletedAt: null,
  cancelledAt: null,
  materialMapping: null,
} satisfies PrintJobPatch;

/** Recomputes a build from its jobs, and the SKU build that it belongs to. Never written by hand anywhere else. */
export async function rollUpBuild(tx: Transaction, buildId: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('printJob')
    .select([
      'status',
      'assignmentStartedAt',
      'assignmentCompletedAt',
      'printingStartedAt',
      'printingCompletedAt',
    ])
    .where('partBuildId', '=', buildId)
    .execute();
  const jobs = rows.map((row) => decodeRow(printJob, row));
  const ended = jobs.every((job) => hasEnded(job.status));
  const build = await tx.update(partBuild, buildId, {
    ...buildStatusOf(jobs.map((job) => job.status)),
    assignmentStartedAt: first(jobs.map((job) => job.assignmentStartedAt)),
    assignmentCompletedAt: last(jobs.map((job) => job.assignmentCompletedAt)),
    printingStartedAt: first(jobs.map((job) => job.printingStartedAt)),
    printingCompletedAt: ended ? last(jobs.map((job) => job.printingCompletedAt)) : null,
  });
  if (build.skuBuildId !== null) await rollUpSkuBuild(tx, build.skuBuildId);
}

/** Recomputes a SKU build from its part builds. */
export async function rollUpSkuBuild(tx: Transaction, skuBuildId: string): Promise<void> {
  const builds = await tx.db
    .selectFrom('partBuild')
    .select('status')
    .where('skuBuildId', '=', skuBuildId)
    .execute();
  await tx.update(skuBuild, skuBuildId, { status: skuBuildStatusOf(builds.map(({ status }) => status)) });
}

function first(times: readonly (string | null)[]): string | null {
  return times.reduce((best, time) => (time !== null && (best === null || time < best) ? time : best), null);
}

function last(times: readonly (string | null)[]): string | null {
  return times.reduce((best, time) => (time !== null && (best === null || time > best) ? time : best), null);
}
