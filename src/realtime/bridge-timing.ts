import type { ConnectionTiming } from './bridge-connection.js';
import type { BridgeError } from './bridge-error.js';

export interface BridgeTiming extends ConnectionTiming {
  readonly firstDelayMs: number;
  readonly lastDelayMs: number;
  /** A connection that has held for so long was a good one. */
  readonly settledMs: number;
  /** How long what stands on the broker is looked at after the first connection. */
  readonly sweepMs: number;
}

export const BRIDGE_TIMING: BridgeTiming = {
  connectMs: 10_000,
  acknowledgeMs: 10_000,
  keepaliveSeconds: 30,
  firstDelayMs: 1_000,
  lastDelayMs: 60_000,
  settledMs: 30_000,
  sweepMs: 5_000,
};

/**
 * How long to wait before the next attempt: doubled each time, with jitter. What only a person can mend is tried seldom.
 *
 * @param failures in a row, this one included
 * @param random from 0 to 1
 */
export function delayMs(failures: number, error: BridgeError, timing: BridgeTiming, random: number): number {
  const { firstDelayMs, lastDelayMs } = timing;
  const forPeople = error.kind === 'credentials' || error.kind === 'certificate';
  const doubled = forPeople ? lastDelayMs : Math.min(lastDelayMs, firstDelayMs * 2 ** (failures - 1));
  return doubled * (0.5 + random / 2);
}
