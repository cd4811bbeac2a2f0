import type { Transaction } from '../database/transaction.js';
import { moveJob, moveJobThrough } from '../domain/jobs.js';
import { dispatch, printer, printJob } from '../resources/index.js';
import type { Insert } from '../resources/resource.js';
import type { MaterialMapping } from '../resources/shapes.js';
import type { DispatchRow } from './journal.js';
import { freshToken } from './journal.js';
import { remoteNameFor } from './remote-name.js';

export interface Reservation {
  readonly jobId: string;
  readonly printerId: string;
  readonly plate: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly filaments: Insert<typeof dispatch>['filaments'];
  readonly slotSnapshot: string;
  readonly mapping: MaterialMapping;
}

/**
 * Gives a job to a printer: the journal row that every later step builds on. The world may have changed since the
 * matcher looked, so both are looked at again here; the database's indexes are the last word.
 *
 * @returns null when the job or the printer is no longer free
 * @throws the database's own error when an open dispatch of either comes to light only at the insert
 */
export async function reserve(
  tx: Transaction,
  wanted: Reservation,
  random: () => number,
): Promise<DispatchRow | null> {
  const job = await tx.find(printJob, wanted.jobId);
  const machine = await tx.find(printer, wanted.printerId);
  if (job?.status !== 'pending' || !machine) return null;
  const free =
    machine.enabled && machine.isAvailable && machine.confirmedReady && machine.printingJobId === null;
  if (
    !free ||
    machine.setAside !== null ||
    machine.isInMaintenance ||
    job.excludedPrinterIds.includes(machine.id)
  )
    return null;
  if (await hasOpenDispatch(tx, job.id, machine.id)) return null;
  const token = await freshToken(tx, random);
  const remoteName = remoteNameFor(job.label, token);
  const row = await tx.insert(dispatch, {
    storeId: tx.context.storeId,
    printJobId: job.id,
    printerId: machine.id,
    phase: 'reserved',
    token,
    name: remoteName.replace(/\.gcode\.3mf$/, ''),
    remoteName,
    plate: wanted.plate,
    sha256: wanted.sha256,
    bytes: wanted.bytes,
    filaments: wanted.filaments,
    slotSnapshot: wanted.slotSnapshot,
  });
  // Sliced already: nothing stands between choosing the printer and waiting for its turn to be sent.
  await moveJobThrough(tx, job.id, ['assigned', 'ready-for-printer'], {
    assignedPrinterId: machine.id,
    assignmentStartedAt: tx.now,
    assignmentCompletedAt: tx.now,
    materialMapping: wanted.mapping,
    errorMessage: null,
  });
  await tx.update(printer, machine.id, { printingJobId: job.id, isAvailable: false });
  return row;
}

/** A job that nothing can print: it fails with the reason, so that a person sees it and the queue goes on. */
export async function rejectJob(tx: Transaction, jobId: string, reason: string): Promise<void> {
  const job = await tx.find(printJob, jobId);
  if (job?.status !== 'pending') return;
  await moveJob(tx, jobId, 'assigned', { assignmentStartedAt: tx.now });
  await moveJob(tx, jobId, 'failed', { errorMessage: reason, assignmentStartedAt: null });
}

async function hasOpenDispatch(tx: Transaction, jobId: string, printerId: string): Promise<boolean> {
  const open = await tx.db
    .selectFrom('dispatch')
    .select('id')
    .where('endedAt', 'is', null)
    .where((eb) => eb.or([eb('printJobId', '=', jobId), eb('printerId', '=', printerId)]))
    .executeTakeFirst();
  return open !== undefined;
}
