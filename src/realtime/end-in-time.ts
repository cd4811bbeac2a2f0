import { hangUp } from './hang-up.js';
import type { Session } from './session.js';

/** Timers of Node reach 24 days; whatever ends later is looked at again before. */
const LONGEST_TIMER_MS = 86_400_000;

/** Ends a session when what it logged in with has come to its end. `now` is in epoch milliseconds. */
export function endInTime({ caller, stream }: Session, now: () => number): void {
  if (caller === null || caller.expiresAtMs === null) return;
  const { expiresAtMs } = caller;
  let timer: NodeJS.Timeout;
  const look = () => {
    const left = expiresAtMs - now();
    if (left <= 0) hangUp(stream);
    else timer = setTimeout(look, Math.min(left, LONGEST_TIMER_MS));
  };
  look();
  stream.once('close', () => clearTimeout(timer));
}
