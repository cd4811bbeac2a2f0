/** Takes filament off the spools a print is fed from, and knows when one is missing. */
import type { AmsBay, Spool } from './ams.js';
import { FAULTS, type FaultSet } from './faults.js';
import type { Job } from './job.js';
import type { Feed } from './print-order.js';
import { PRINT_ERROR } from './profiles.js';

export class Feeding {
  constructor(
    private readonly ams: AmsBay,
    private readonly faults: FaultSet,
  ) {}

  /** Books what a job has used up to a moment of its time. */
  consume(job: Job, elapsedMs: number): void {
    const used = job.plan.used(elapsedMs);
    const { feeds } = job.order;
    for (const [i, feed] of feeds.entries()) {
      const share = (at: number): number => Math.min(1, Math.max(0, at * feeds.length - i));
      const spool = this.#spoolOf(feed);
      if (spool !== null) this.ams.consume(spool, (share(used) - share(job.consumed)) * feed.grams);
    }
    job.consumed = used;
  }

  /** print_error of an empty place that a print is fed from, null when all is well. */
  missingSpool(feed: Feed | null): number | null {
    return feed === null || this.#spoolOf(feed) !== null ? null : this.#runoutCode(feed);
  }

  /** Runout as the unit reports it: the second byte names the unit (docs/protocol.md §5.4). */
  #runoutCode(feed: Feed): number {
    const second = feed.unitId === 254 && this.ams.external.size > 1;
    if (isExternal(feed)) return second ? PRINT_ERROR.secondExternalRunout : PRINT_ERROR.externalRunout;
    const module = feed.unitId >= 128 ? 0x18 : 0x07;
    return ((module << 24) | ((feed.unitId & 0x07) << 16) | 0x8011) >>> 0;
  }

  /** The spool in the place a print is fed from, null when it is empty or out of reach. */
  #spoolOf(feed: Feed): Spool | null {
    if (isExternal(feed)) return this.ams.external.get(feed.unitId) ?? null;
    if (this.faults.has(FAULTS.amsDisconnect)) return null;
    return this.ams.units.find((unit) => unit.id === feed.unitId)?.slots[feed.slot] ?? null;
  }
}

export function isExternal(feed: { readonly unitId: number }): boolean {
  return feed.unitId === 254 || feed.unitId === 255;
}
