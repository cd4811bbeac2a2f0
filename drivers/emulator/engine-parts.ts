/** What the print engine works with, and how the ground truth tells of prints. */
import type { AmsBay } from './ams.js';
import type { FaultSet } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import type { PrintOrder } from './print-order.js';
import type { Profile } from './profiles.js';
import type { Random } from './random.js';
import type { VirtualClock } from './virtual-clock.js';

export type Outcome = 'finished' | 'failed' | 'cancelled' | 'power-cut';

export interface EngineParts {
  readonly profile: Profile;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly ams: AmsBay;
  readonly faults: FaultSet;
  readonly record: TruthRecorder;
  /** The print begins to heat, or the machine cools down. */
  readonly onHeat: (order: PrintOrder | null) => void;
  /** Something that reports show has changed. */
  readonly onChange: () => void;
}

/** Print speed by level 1-4: silent, standard, sport, ludicrous. */
export const SPEED_PERCENT = [100, 50, 100, 124, 166] as const;

/** A print has become RUNNING: once for every order. */
export function recordBegun(record: TruthRecorder, order: PrintOrder): void {
  record('print', 'begun', identity(order));
}

/** A print that was accepted is over, whether or not it ever began. */
export function recordEnded(record: TruthRecorder, order: PrintOrder, outcome: Outcome): void {
  record('print', 'ended', { ...identity(order), outcome });
}

function identity(order: PrintOrder): Record<string, unknown> {
  return { taskId: order.taskId, subtaskName: order.subtaskName, remoteName: order.remoteName };
}
