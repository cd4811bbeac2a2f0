import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';
import { fileByUri } from './files.js';
import { hasEnded } from './job-status.js';
import { BACK_IN_QUEUE, moveJobs, type PrintJob, rollUpBuild } from './jobs.js';
import { placesFor } from './queue-order.js';

const FRESH = {
  ...BACK_IN_QUEUE,
  errorMessage: null,
  hidden: false,
  taskId: 0,
  excludedPrinterIds: [],
};

/**
 * Puts ended jobs behind the queue of their tier: failed and cancelled ones themselves, completed ones as new jobs.
 * Jobs that have not ended are left alone, and so are those whose file is gone, unless that is all of them. Waiting jobs
 * that printers failed keep their place, and may go to these printers again.
 *
 * @returns ids of the jobs that are in the queue now
 * @throws ApiError unprocessable
 */
export async function queueAgain(tx: Transaction, jobs: readonly PrintJob[]): Promise<readonly string[]> {
  const ready: PrintJob[] = [];
  const queued = new Map<PrintJob, string>();
  let lost: PrintJob | null = null;
  for (const job of jobs) {
    if (isRefused(job)) {
      await tx.update(printJob, job.id, { excludedPrinterIds: [], errorMessage: null });
      queued.set(job, job.id);
    }
    if (!hasEnded(job.status)) continue;
    if (await fileIsStill(tx, job)) ready.push(job);
    else lost = job;
  }
  if (lost && ready.length === 0 && queued.size === 0) {
    throw new ApiError(
      'unprocessable',
      `The file of "${lost.label}" was deleted or replaced since; queue the part anew`,
    );
  }
  for (const priority of new Set(ready.map((job) => job.priority))) {
    const tier = ready.filter((job) => job.priority === priority);
    const places = await placesFor(tx, priority, 'back', tier.length);
    const placed = new Map(tier.map((job, index) => [job, places[index] ?? 0]));
    const again = tier.filter((job) => job.status !== 'completed');
    await moveJobs(tx, again, 'pending', (job) => ({ ...FRESH, queueOrder: placed.get(job) ?? 0 }));
    for (const job of again) queued.set(job, job.id);
    const copied = tier.filter((job) => job.status === 'completed');
    for (const job of copied) queued.set(job, await copyOf(tx, job, placed.get(job) ?? 0));
    for (const buildId of new Set(copied.map((job) => job.partBuildId))) await rollUpBuild(tx, buildId);
  }
  return jobs.flatMap((job) => queued.get(job) ?? []);
}

function isRefused({ status, excludedPrinterIds }: PrintJob): boolean {
  return status === 'pending' && excludedPrinterIds.length > 0;
}

/** Printing whatever lies under the name now would not be the same print. */
async function fileIsStill(tx: Transaction, job: PrintJob): Promise<boolean> {
  const [uri] = job.filesToPrint;
  const file = uri === undefined ? null : await fileByUri(tx, uri);
  return file?.sha256 != null && (job.slicerInputHash === null || file.sha256 === job.slicerInputHash);
}

async function copyOf(tx: Transaction, job: PrintJob, queueOrder: number): Promise<string> {
  const { createdAt: _created, updatedAt: _updated, ...copy } = job;
  const made = await tx.insert(printJob, { ...copy, ...FRESH, id: newId(), status: 'pending', queueOrder });
  return made.id;
}
