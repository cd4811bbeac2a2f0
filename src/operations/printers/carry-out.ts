import { JOB_STATUSES } from '../../contract/enums.js';
import { decodeRow } from '../../database/rows.js';
import { holdsPrinter } from '../../domain/job-status.js';
import type { PrintJob } from '../../domain/jobs.js';
import {
  type CommandEffect,
  type CommandOutcome,
  DriverError,
  isOnline,
  type LivePrinter,
} from '../../fleet/live-printer.js';
import { printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import type { CallContext } from '../operation.js';
import type { SentCommand } from './command-bodies.js';
import { toDriverCommand } from './driver-command.js';
import { planSkip, type SkipData } from './skip-objects.js';

export type OnEffect = (effect: CommandEffect) => void;

/** Never rejects for what the printer does; `onEffect` as the driver's session has it. */
export type CarryOut = (
  printerId: string,
  command: SentCommand,
  context: CallContext,
  onEffect: OnEffect,
) => Promise<CommandOutcome>;

const HOLDING = JOB_STATUSES.filter(holdsPrinter);

/** Carries out one command on one printer; stopping and skipping concern its job too. */
export function commandCarrier({ database, fleet, runner }: Deps): CarryOut {
  /** A print of ours is stopped as its job is cancelled; any other by the command alone. */
  async function stop(
    live: LivePrinter,
    { caller }: CallContext,
    onEffect: OnEffect,
  ): Promise<CommandOutcome> {
    const job = await jobOn(live.printerId, caller.storeId);
    if (job && (await runner.cancel(job.id))) {
      return { kind: 'accepted', note: `Its print job ${job.id} is being cancelled` };
    }
    return live.session.command({ kind: 'stop' }, onEffect);
  }

  async function skip(
    live: LivePrinter,
    objectIds: readonly number[],
    context: CallContext,
    onEffect: OnEffect,
  ): Promise<CommandOutcome> {
    const job = await jobOn(live.printerId, context.caller.storeId);
    const plan = job ? await planSkip(database, job, objectIds) : null;
    if (plan?.kind === 'refuse') return unsent(new DriverError('rejected', plan.reason));
    // Not before the print has begun: then the session says why nothing can be skipped.
    if (plan?.kind === 'stop' && canSkip(live)) return stop(live, context, onEffect);
    const outcome = await live.session.command({ kind: 'skip-objects', objectIds }, onEffect);
    const sent = outcome.kind === 'accepted' || outcome.kind === 'unanswered';
    if (sent && job && plan?.kind === 'skip' && plan.after) await keepSkipped(job.id, plan.after, context);
    return outcome;
  }

  async function keepSkipped(jobId: string, after: SkipData, { write }: CallContext): Promise<void> {
    await database.write(write, async (tx) => {
      const job = await tx.find(printJob, jobId);
      if (job && holdsPrinter(job.status)) await tx.update(printJob, jobId, { skipObjectsData: after });
    });
  }

  /** The job that has the printer. */
  async function jobOn(printerId: string, storeId: string): Promise<PrintJob | null> {
    const raw = await database.read
      .selectFrom('printJob')
      .selectAll()
      .where('storeId', '=', storeId)
      .where('assignedPrinterId', '=', printerId)
      .where('status', 'in', HOLDING)
      .executeTakeFirst();
    return raw ? decodeRow(printJob, raw) : null;
  }

  return async (printerId, command, context, onEffect) => {
    const live = fleet.live(printerId);
    if (live === null || !isOnline(live)) return unsent(offline(live));
    if (command.command === 'stop') return stop(live, context, onEffect);
    if (command.command === 'skip-objects') return skip(live, command.objectIds, context, onEffect);
    return live.session.command(toDriverCommand(command, live.report?.state ?? null), onEffect);
  };
}

function canSkip({ report }: LivePrinter): boolean {
  const activity = report?.state.activity;
  return activity === 'RUNNING' || activity === 'PAUSE';
}

function unsent(error: DriverError): CommandOutcome {
  return { kind: 'unsent', error };
}

function offline(live: LivePrinter | null): DriverError {
  const why = live?.connection.error?.message;
  return new DriverError('unreachable', `The printer is offline${why === undefined ? '.' : `: ${why}`}`);
}
