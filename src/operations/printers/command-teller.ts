import { setTimeout as delay } from 'node:timers/promises';
import { timestamp } from '../../contract/time.js';
import { recordAct } from '../../domain/audit.js';
import type { AuditEntry } from '../../domain/audit-entries.js';
import type { CommandOutcome } from '../../fleet/live-printer.js';
import type { Deps } from '../deps.js';
import type { CallContext } from '../operation.js';
import { commandCarrier, type OnEffect } from './carry-out.js';
import type { SentCommand } from './command-bodies.js';
import { type CommandEntry, CommandLog } from './command-log.js';

/** A command that was published and not refused by then counts as received. */
const RECEIVED_AFTER_MS = 3_000;

interface Told {
  readonly printerId: string;
  readonly entry: CommandEntry;
  /** Published, and not refused so far. */
  readonly received: boolean;
}

/** Tells printers what people want of them, and keeps what became of it. */
export interface CommandTeller {
  /** @returns ids of the printers that got it; what takes longer than the caller waits counts as received */
  tell(printerIds: readonly string[], command: SentCommand, context: CallContext): Promise<readonly string[]>;
  /** The last commands of a printer, newest first. */
  of(printerId: string): readonly CommandEntry[];
}

export function commandTeller(deps: Deps): CommandTeller {
  const { database, fleet, clock, log } = deps;
  const carryOut = commandCarrier(deps);
  const commands = new CommandLog((printerId) => fleet.live(printerId) !== null);

  /** Sends, and keeps what became of it, also when that takes longer than the caller waits. */
  async function tellOne(printerId: string, command: SentCommand, context: CallContext): Promise<Told> {
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

  return {
    async tell(printerIds, command, context) {
      const told = await Promise.all(printerIds.map((id) => tellOne(id, command, context)));
      await writeDown(told, command, context);
      return told.filter(({ received }) => received).map(({ printerId }) => printerId);
    },
    of: (printerId) => commands.of(printerId),
  };
}
