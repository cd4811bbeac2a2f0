import {
  type CommandEffect,
  type CommandOutcome,
  type ConnectionStatus,
  DriverError,
  type PrinterReport,
  type PrinterState,
} from '../driver.js';
import type { CommandChannel } from './command-channel.js';
import { whyNotSend } from './command-guard.js';
import type { Plan } from './command-plan.js';
import { type ControlCommand, type Prepared, prepare } from './command-table.js';
import { EffectWatch } from './effect-watch.js';
import type { PrinterView } from './printer-view.js';
import type { SessionTiming } from './timing.js';

export interface ControlParts {
  readonly channel: CommandChannel;
  readonly timing: SessionTiming;
  readonly view: PrinterView;
  status(): ConnectionStatus;
  report(): PrinterReport | null;
  /** Asks for a full report as soon as the printer may be asked. */
  wantEverything(): void;
}

/** Carries out the commands of the table: whether each may go now, what is sent, and what became of it. */
export class Control {
  readonly #parts: ControlParts;
  readonly #effects: EffectWatch;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#effects = new EffectWatch({
      timing: parts.timing,
      state: () => parts.report()?.state ?? null,
      wantEverything: () => parts.wantEverything(),
    });
  }

  /**
   * Never rejects for what the printer does; nothing is sent when the printer's state or model forbids it.
   *
   * @param onEffect hears once whether reports bear it out, when it was sent and a report can tell
   */
  async perform(
    command: ControlCommand,
    onEffect?: (effect: CommandEffect) => void,
  ): Promise<CommandOutcome> {
    const { view } = this.#parts;
    const prepared = prepare(command);
    const report = this.#parts.report();
    const obstacle = this.#obstacle(prepared);
    if (obstacle !== null) return { kind: 'unsent', error: obstacle };
    try {
      const { model, firmware, bedTempMaxC } = view;
      const before = report?.state ?? null;
      const plan = prepared.compose({ model, firmware, bedTempMaxC, state: before });
      // What was limited shows as it was sent, not as it was asked for.
      const sought = plan.limited === null ? prepared : prepare(plan.limited);
      const { connection } = this.#effects;
      const outcome = await this.#send(plan, sought, before, connection);
      if (outcome.kind !== 'accepted' && outcome.kind !== 'unanswered') return outcome;
      if (onEffect !== undefined && sought.shows !== null)
        void this.#effects.follow(sought.shows, before, sought.showsWithinMs, connection).then(onEffect);
      return plan.note === null ? outcome : { ...outcome, note: plan.note };
    } catch (error) {
      // Only composing a command throws so, and then nothing was sent.
      if (error instanceof DriverError) return { kind: 'unsent', error };
      throw error;
    }
  }

  /** A report came: commands that nobody answered may show in it. */
  observe(state: PrinterState): void {
    this.#effects.observe(state);
  }

  /** The connection is gone: nothing of it will show any more. */
  abandon(): void {
    this.#effects.abandon();
  }

  #obstacle({ needs }: Prepared): DriverError | null {
    const { status, report, view } = this.#parts;
    return whyNotSend(needs, { status: status(), report: report(), model: view.model });
  }

  async #send(
    plan: Plan,
    prepared: Prepared,
    before: PrinterState | null,
    connection: number,
  ): Promise<CommandOutcome> {
    const { channel, timing } = this.#parts;
    const limitMs = prepared.answer === 'slow' ? timing.filamentAcknowledgementMs : timing.acknowledgementMs;
    const until = performance.now() + limitMs;
    let outcome = await channel.ask(plan.message, limitMs);
    if (plan.fallback !== null && isUnknownCommand(outcome))
      outcome = await channel.ask(plan.fallback, limitMs);
    for (const further of outcome.kind === 'accepted' ? plan.further : [])
      outcome = await channel.ask(further, limitMs);
    if (outcome.kind === 'accepted') outcome = await this.#insist(plan, prepared, before, connection);
    if (outcome.kind !== 'unanswered' || !channel.attached) return outcome;
    // Only a full report is sure to show whether it worked anyhow.
    this.#parts.wantEverything();
    const { shows } = prepared;
    // What showed before it was sent proves nothing.
    if (shows === null || before === null || shows(before)) return outcome;
    const sight = await this.#effects.within(shows, until - performance.now(), connection);
    return sight === 'seen' ? { kind: 'accepted' } : outcome;
  }

  /** Says it once in another form where nothing comes of the first although the printer took it. */
  async #insist(
    { again }: Plan,
    prepared: Prepared,
    before: PrinterState | null,
    connection: number,
  ): Promise<CommandOutcome> {
    const { begins } = prepared;
    if (again === null || begins === null || before === null) return { kind: 'accepted' };
    const { channel, timing } = this.#parts;
    const sight = await this.#effects.within(
      (state) => begins(before, state),
      timing.filamentAcknowledgementMs,
      connection,
    );
    if (sight !== 'unseen' || this.#obstacle(prepared) !== null) return { kind: 'accepted' };
    return channel.ask(again, timing.filamentAcknowledgementMs);
  }
}

function isUnknownCommand(outcome: CommandOutcome): boolean {
  return outcome.kind === 'refused' && outcome.error.kind === 'unsupported';
}
