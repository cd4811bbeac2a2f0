import { setTimeout as delay } from 'node:timers/promises';
import { notFound } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import { recordAct } from '../../domain/audit.js';
import type { AuditEntry } from '../../domain/audit-entries.js';
import type { CommandOutcome } from '../../fleet/live-printer.js';
import { printer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';
import { commandCarrier, type OnEffect } from './carry-out.js';
import { type SentCommand, sendCommandRequest } from './command-bodies.js';
import { type CommandEntry, CommandLog } from './command-log.js';

/** A command that was published and not refused by then counts as received. */
const RECEIVED_AFTER_MS = 3_000;

interface Told {
  readonly printerId: string;
  readonly entry: CommandEntry;
  /** Published, and not refused so far. */
  readonly received: boolean;
}

export function printerCommandOperations(deps: Deps): Operation[] {
  const { database, fleet, clock, log } = deps;
  const carryOut = commandCarrier(deps);
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
    answer: () => ids,
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
      effect: null,
    };
    commands.add(printerId, entry);
    const onEffect: OnEffect = (effect) => {
      entry.effect = effect === 'shown' ? 'verified' : 'unverified';
      if (effect === 'missing')
        log.warn(
          { printer: printerId, command: command.command },
          'no report of the printer shows the effect of a command',
        );
    };
    const settled = carryOut(printerId, command, context, onEffect).then(
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

  return [send, recent];
}
