import { setTimeout as delay } from 'node:timers/promises';
import { JOB_STATUSES } from '../../contract/enums.js';
import { notFound } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import { decodeRow } from '../../database/rows.js';
import { recordAct } from '../../domain/audit.js';
import type { AuditEntry } from '../../domain/audit-entries.js';
import { holdsPrinter } from '../../domain/job-status.js';
import type { PrintJob } from '../../domain/jobs.js';
import { type CommandOutcome, DriverError, isOnline, type LivePrinter } from '../../fleet/live-printer.js';
import { printer, printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { idParam, noParams } from '../schemas.js';
import { type SentCommand, sendCommandRequest } from './command-bodies.js';
import { type CommandEntry, CommandLog } from './command-log.js';
import { toDriverCommand } from './driver-command.js';
import { planSkip, type SkipData } from './skip-objects.js';

/** A command that was published and not refused by then counts as received. */
const RECEIVED_AFTER_MS = 3_000;
const HOLDING = JOB_STATUSES.filter(holdsPrinter);

interface Told {
  readonly printerId: string;
  readonly entry: CommandEntry;
  /** Published, and not refused so far. */
  readonly received: boolean;
}

export function printerCommandOperations(deps: Deps): Operation[] {
  const { database, fleet, runner, clock, log } = deps;
  const commands = new CommandLog((printerId) => fleet.live(printerId) !== null);

  const send = operation({
    id: 'printerCommands.send',
    method: 'POST',
    path: '/v1/printer-commands/send',
    status: 201,
    summary: 'Send a command to printers; answers the ids of those that got it, the others are left out',
    permissions: ['printer.control'],
    params: noParams,
    body: sendCommandRequest,
    async run({ body }, context) {
      const printerIds = [...new Set(body.ids)];
      await requirePrinters(printerIds, context.caller.storeId);
      const sent = await Promise.all(printerIds.map((id) => tell(id, body.command, context)));
      await writeDown(sent, body.command, context);
      return sent.filter(({ received }) => received).map(({ printerId }) => printerId);
    },
  });

  const recent = operation({
    id: 'local.printers.commands',
    method: 'GET',
    path: '/local/printers/{id}/commands',
    status: 200,
    summary:
      'The last 50 commands that were sent to a printer since the daemon began, and what became of each',
    permissions: ['printer.view'],
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      await requirePrinters([params.id], caller.storeId);
      return commands.of(params.id);
    },
  });

  /** @throws ApiError not_found for the first id that is no printer of the store */
  async function requirePrinters(printerIds: readonly string[], storeId: string): Promise<void> {
    const rows = await database.read
      .selectFrom('printer')
      .select('id')
      .where('storeId', '=', storeId)
      .where('id', 'in', [...printerIds])
      .execute();
    const known = new Set(rows.map((row) => row.id));
    const unknown = printerIds.find((id) => !known.has(id));
    if (unknown !== undefined) throw notFound(printer.label, unknown);
  }

  /** Sends, and keeps what became of it, also when that takes longer than the caller waits. */
  async function tell(printerId: string, command: SentCommand, context: CallContext): Promise<Told> {
    const { type, id } = context.caller.actor;
    const entry: CommandEntry = {
      at: timestamp(clock.now()),
      actorType: type,
      actorId: id,
      command,
      outcome: 'waiting',
      reason: null,
    };
    commands.add(printerId, entry);
    const settled = carryOut(printerId, command, context).then(
      (outcome) => note(entry, printerId, outcome),
      (error: unknown) => {
        log.error({ err: error, printer: printerId, command: command.command }, 'printer command failed');
        entry.outcome = 'failed';
        entry.reason = 'The daemon failed at it; its log says why.';
        return false;
      },
    );
    // Ended by the answer, which is no error.
    const waiting = new AbortController();
    const patience = delay(RECEIVED_AFTER_MS, true, { signal: waiting.signal, ref: false }).catch(() => true);
    try {
      const received = await Promise.race([settled, patience]);
      const told = { printerId, entry, received };
      if (entry.outcome === 'waiting') void settled.then(() => writeDown([told], command, context));
      return told;
    } finally {
      waiting.abort();
    }
  }

  /** In the audit log: once with what is known when the caller is answered, and once more for what took longer. */
  async function writeDown(
    told: readonly Told[],
    command: SentCommand,
    { write }: CallContext,
  ): Promise<void> {
    if (told.length === 0) return;
    const outcomes = told.map(({ printerId, entry: { outcome, reason } }) => [
      printerId,
      { outcome, reason },
    ]);
    const act: AuditEntry = {
      entityType: 'Printers',
      ids: told.map(({ printerId }) => printerId),
      action: null,
      detailedAction: `printerCommand.${command.command}`,
      changes: null,
      metadata: { command, outcomes: Object.fromEntries(outcomes) },
    };
    try {
      await database.write(write, (tx) => recordAct(tx, act));
    } catch (error) {
      // The printers have been told: a caller that hears of an error would tell them again.
      log.error({ err: error, command: command.command }, 'a printer command could not be written down');
    }
  }

  function note(entry: CommandEntry, printerId: string, outcome: CommandOutcome): boolean {
    const received = outcome.kind === 'accepted' || outcome.kind === 'unanswered';
    entry.outcome = outcome.kind;
    entry.reason = (received ? outcome.note : outcome.error.message) ?? null;
    const { actorId, reason, command } = entry;
    log.info(
      { printer: printerId, actorId, command: command.command, outcome: outcome.kind, reason },
      'printer command',
    );
    return received;
  }

  async function carryOut(
    printerId: string,
    command: SentCommand,
    context: CallContext,
  ): Promise<CommandOutcome> {
    const live = fleet.live(printerId);
    if (live === null || !isOnline(live)) return unsent(offline(live));
    if (command.command === 'stop') return stop(live, context);
    if (command.command === 'skip-objects') return skip(live, command.objectIds, context);
    return live.session.command(toDriverCommand(command, live.report?.state ?? null));
  }

  /** A print of ours is stopped as its job is cancelled; any other by the command alone. */
  async function stop(live: LivePrinter, { caller }: CallContext): Promise<CommandOutcome> {
    const job = await jobOn(live.printerId, caller.storeId);
    if (job && (await runner.cancel(job.id))) {
      return { kind: 'accepted', note: `Its print job ${job.id} is being cancelled` };
    }
    return live.session.command({ kind: 'stop' });
  }

  async function skip(
    live: LivePrinter,
    objectIds: readonly number[],
    context: CallContext,
  ): Promise<CommandOutcome> {
    const job = await jobOn(live.printerId, context.caller.storeId);
    const plan = job ? await planSkip(database, job, objectIds) : null;
    if (plan?.kind === 'refuse') return unsent(new DriverError('rejected', plan.reason));
    // Not before the print has begun: then the session says why nothing can be skipped.
    if (plan?.kind === 'stop' && canSkip(live)) return stop(live, context);
    const outcome = await live.session.command({ kind: 'skip-objects', objectIds });
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

  return [send, recent];
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
