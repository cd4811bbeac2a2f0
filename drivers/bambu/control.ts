import {
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
  readonly #awaited = new Set<(state: PrinterState | null) => void>();

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** Never rejects for what the printer does; nothing is sent when the printer's state or model forbids it. */
  async perform(command: ControlCommand): Promise<CommandOutcome> {
    const { view } = this.#parts;
    const prepared = prepare(command);
    const report = this.#parts.report();
    const obstacle = whyNotSend(prepared.needs, { status: this.#parts.status(), report, model: view.model });
    if (obstacle !== null) return { kind: 'unsent', error: obstacle };
    try {
      const { model, firmware, bedTempMaxC } = view;
      const plan = prepared.compose({ model, firmware, bedTempMaxC, state: report?.state ?? null });
      const outcome = await this.#send(plan, prepared, report?.state ?? null);
      const noted = outcome.kind === 'accepted' || outcome.kind === 'unanswered';
      return noted && plan.note !== null ? { ...outcome, note: plan.note } : outcome;
    } catch (error) {
      // Only composing a command throws so, and then nothing was sent.
      if (error instanceof DriverError) return { kind: 'unsent', error };
      throw error;
    }
  }

  /** A report came: commands that nobody answered may show in it. */
  observe(state: PrinterState): void {
    for (const look of [...this.#awaited]) look(state);
  }

  /** The connection is gone: nothing of it will show any more. */
  abandon(): void {
    for (const look of [...this.#awaited]) look(null);
  }

  async #send(plan: Plan, prepared: Prepared, before: PrinterState | null): Promise<CommandOutcome> {
    const { channel, timing } = this.#parts;
    const limitMs = prepared.answer === 'slow' ? timing.filamentAcknowledgementMs : timing.acknowledgementMs;
    const until = performance.now() + limitMs;
    let outcome = await channel.ask(plan.message, limitMs);
    if (plan.fallback !== null && isUnknownCommand(outcome))
      outcome = await channel.ask(plan.fallback, limitMs);
    if (outcome.kind !== 'unanswered' || !channel.attached) return outcome;
    // Only a full report is sure to show whether it worked anyhow.
    this.#parts.wantEverything();
    const { shows } = prepared;
    // What showed before it was sent proves nothing.
    if (shows === null || before === null || shows(before)) return outcome;
    return (await this.#seen(shows, until - performance.now())) ? { kind: 'accepted' } : outcome;
  }

  /** Whether the effect shows now, or in a report within the time. */
  #seen(shows: (state: PrinterState) => boolean, timeoutMs: number): Promise<boolean> {
    const now = this.#parts.report()?.state;
    if (now !== undefined && shows(now)) return Promise.resolve(true);
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (seen: boolean): void => {
        clearTimeout(timer);
        this.#awaited.delete(look);
        resolve(seen);
      };
      const look = (state: PrinterState | null): void => {
        if (state === null) settle(false);
        else if (shows(state)) settle(true);
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#awaited.add(look);
    });
  }
}

function isUnknownCommand(outcome: CommandOutcome): boolean {
  return outcome.kind === 'refused' && outcome.error.kind === 'unsupported';
}
