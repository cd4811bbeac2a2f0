import { isDeepStrictEqual } from 'node:util';
import { JOB_STATUSES, type JobStatus, PRIORITIES } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { updateEntity } from './entities.js';
import { holdsPrinter } from './job-status.js';
import { moveJob, type PrintJob } from './jobs.js';
import { requireProfiles } from './profiles.js';
import { queueAgain } from './queue-again.js';
import { reorder } from './queue-moves.js';

/** What of a job may be changed while it waits. */
const EDITABLE: ReadonlySet<string> = new Set([
  'label',
  'requiredPrinterTags',
  'materialAssignments',
  'overriddenProcessProfileId',
]);

/** What a change asks of a job, beside its status and priority by column. */
export interface JobEdit {
  readonly status?: JobStatus | undefined;
  readonly priority?: (typeof PRIORITIES)[number] | undefined;
  /** By column; only those that differ from what the caller was shown. */
  readonly fields: Values;
}

/** What of a request differs from the job as it was shown; the rest merely says it again. */
export function editOf(shown: Values, given: Values): JobEdit {
  const differing = Object.entries(given).filter(([name, value]) => !isDeepStrictEqual(value, shown[name]));
  const { status, priority, ...fields } = Object.fromEntries(differing);
  return {
    status: JOB_STATUSES.find((word) => word === status),
    priority: PRIORITIES.find((tier) => tier === priority),
    fields,
  };
}

/**
 * Changes a waiting job. Printers that could not take it before may try again: it asks for something else now. In
 * another tier it goes to the back.
 *
 * @param mayRepair whether the caller may write the status too, of a job that no printer has
 * @throws ApiError invalid_state; not_found, validation_failed for a profile that there is not or that is another kind
 */
export async function editJob(
  tx: Transaction,
  job: PrintJob,
  edit: JobEdit,
  mayRepair: boolean,
): Promise<PrintJob> {
  const { status, priority, fields } = edit;
  const names = [...Object.keys(fields), ...(priority === undefined ? [] : ['priority'])];
  const fixed = names.find((name) => !EDITABLE.has(name) && name !== 'priority');
  if (fixed !== undefined)
    throw new ApiError('invalid_state', `The ${fixed} of a print job is what it was queued with`);
  if (names.length > 0 && job.status !== 'pending') {
    throw new ApiError(
      'invalid_state',
      `The print job ${job.id} is ${job.status}; ${names.join(', ')} can be changed while it is pending`,
    );
  }
  await requireProfiles(tx, fields, { overriddenProcessProfileId: 'process' });
  if (Object.keys(fields).length > 0)
    await updateEntity(tx, printJob, job.id, { ...fields, excludedPrinterIds: [] });
  if (priority !== undefined) await reorder(tx, job, { priority });
  if (status !== undefined) await repairStatus(tx, await tx.get(printJob, job.id), status, mayRepair);
  return tx.get(printJob, job.id);
}

/** Only between waiting and ended: what a printer has to do with a job is told by its reports alone. */
async function repairStatus(
  tx: Transaction,
  job: PrintJob,
  status: JobStatus,
  mayRepair: boolean,
): Promise<void> {
  if (!mayRepair || holdsPrinter(job.status) || holdsPrinter(status)) {
    throw new ApiError(
      'invalid_state',
      `The print job ${job.id} is ${job.status}: its status follows what is done with it; use cancel, retry or clear`,
    );
  }
  if (status === 'pending' && job.status !== 'completed') await queueAgain(tx, [job]);
  else await moveJob(tx, job.id, status, status === 'cancelled' ? { cancelledAt: tx.now } : {});
}
