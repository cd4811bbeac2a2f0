import type { DispatchEvent } from './machine-types.js';
import type { Observation } from './observation.js';

const MOST_WAITING = 100;

/**
 * What waits in a lane while its journal cannot be written. Reports keep coming at their pace: those that say nothing
 * new need not wait too, and when even the news is too much, it counts as not seen.
 */
export class Backlog {
  #waiting = 0;
  #last: Observation | null = null;
  #full = false;

  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  add(event: DispatchEvent): void {
    this.#waiting += 1;
    if (event.kind === 'observed') this.#last = event.observation;
  }

  served(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    this.#last = null;
    this.#full = false;
  }

  /** What of a frequent event is worth waiting; null when nothing is. */
  filter(event: DispatchEvent): DispatchEvent | null {
    if (this.isEmpty) return event;
    if (this.#full || event.kind === 'tick') return null;
    if (event.kind === 'observed' && this.#last && saysTheSame(this.#last, event.observation)) return null;
    if (this.#waiting < MOST_WAITING) return event;
    this.#full = true;
    const { at, mono } = event;
    return { kind: 'connection-lost', at, mono };
  }
}

function saysTheSame(one: Observation, other: Observation): boolean {
  const news = ({ at: _at, activityAt: _said, progress: _progress, ...rest }: Observation) =>
    JSON.stringify(rest);
  return news(one) === news(other);
}
