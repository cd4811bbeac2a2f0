import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';
import { fileByUri } from './files.js';
import { BACK_IN_QUEUE, moveJob, type PrintJob, rollUpBuild } from './jobs.js';
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
 * Jobs that have not ended are left alone, and so are those whose file is gone, unless that is all of them.
 *
 * @returns ids of the jobs that are in the queue now
 * @throws ApiError unprocessable
 */
export async function queueAgain(tx: Transaction, jobs: readonly PrintJob[]): Promise<readonly string[]> {
  const queued: string[] = [];
  let lost: PrintJob | null = null;
  for (const job of jobs) {
    if (job.status !== 'failed' && job.status !== 'cancelled' && job.status !== 'completed') continue;
    if (await fileIsStill(tx, job)) queued.push(await queueOne(tx, job));
    else lost = job;
  }
  if (lost && queued.length === 0) {
    throw new ApiError(
      'unprocessable',
      `The file of "${lost.label}" was deleted or replaced since; queue the part anew`,
    );
  }
  return queued;
}

/** Printing whatever lies under the name now would not be the same print. */
async function fileIsStill(tx: Transaction, job: PrintJob): Promise<boolean> {
  const [uri] = job.filesToPrint;
  const file = uri === undefined ? null : await fileByUri(tx, uri);
  return file?.sha256 != null && (job.slicerInputHash === null || file.sha256 === job.slicerInputHash);
}

async function queueOne(tx: Transaction, job: PrintJob): Promise<string> {
  const [queueOrder = 0] = await placesFor(tx, job.priority, 'back', 1);
  if (job.status !== 'completed') return (await moveJob(tx, job.id, 'pending', { ...FRESH, queueOrder })).id;
  const { createdAt: _created, updatedAt: _updated, ...copy } = job;
  const made = await tx.insert(printJob, { ...copy, ...FRESH, id: newId(), status: 'pending', queueOrder });
  await rollUpBuild(tx, job.partBuildId);
  return made.id;
}
