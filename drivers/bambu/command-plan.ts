import { DriverError, type PrinterCommand, type PrinterState } from '../driver.js';
import type { BambuCommand } from './commands.js';
import type { BambuModel } from './models.js';

/** What composing a command may look at. */
export interface Situation {
  readonly model: BambuModel | null;
  readonly firmware: string | null;
  readonly state: PrinterState | null;
  /** Highest bed setpoint of this machine as it is wired; null while its model is not known. */
  readonly bedTempMaxC: number | null;
}

/** What is to be sent. */
export interface Plan {
  readonly message: BambuCommand;
  /** Another way to say the same, for firmware that does not know the first. */
  readonly fallback: BambuCommand | null;
  /** Sent one after the other once the first was accepted. */
  readonly further: readonly BambuCommand[];
  /** The same once more in another form, for machines that take the first and do nothing. */
  readonly again: BambuCommand | null;
  /** The command within the model's limits, as its effect is to show; null where there are none. */
  readonly limited: Exclude<PrinterCommand, { readonly kind: 'refresh' }> | null;
  /** What was changed of the request, in words; null when nothing was. */
  readonly note: string | null;
}

export function plan(
  message: BambuCommand,
  more: { readonly [K in Exclude<keyof Plan, 'message'>]?: Plan[K] } = {},
): Plan {
  return { message, fallback: null, further: [], again: null, limited: null, note: null, ...more };
}

/** @throws DriverError when the model is not known */
export function knownModel(situation: Situation): BambuModel {
  if (situation.model !== null) return situation.model;
  throw unsupported('The model of this printer is not known.');
}

/** @throws DriverError before the first report */
export function knownState(situation: Situation): PrinterState {
  if (situation.state !== null) return situation.state;
  throw new DriverError('unreachable', 'The printer has not reported its state yet.');
}

export function unsupported(message: string): DriverError {
  return new DriverError('unsupported', message);
}

export function rejected(message: string): DriverError {
  return new DriverError('rejected', message);
}

/** A number within limits, and what to tell of it if it was outside. */
export function within(
  asked: number,
  low: number,
  high: number,
  what: string,
  unit: string,
): { readonly value: number; readonly note: string | null } {
  if (!Number.isFinite(asked)) throw rejected(`${what}: expected a number.`);
  const value = Math.min(Math.max(asked, low), high);
  return { value, note: value === asked ? null : `${what} limited from ${asked} to ${value} ${unit}` };
}
