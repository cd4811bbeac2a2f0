import type { Printer } from '../domain/printers.js';
import { isMachineFree, type LivePrinter } from '../fleet/live-printer.js';
import type { StartPolicyOptions } from './start-policy.js';

/** How long printers that print on by themselves have been free, and whether they may go on. */
export class Rests {
  /** By printer id, on the clock that never jumps. A restart of the daemon begins a rest anew. */
  readonly #freeSince = new Map<string, number>();

  /**
   * What a continuous printer waits for before its next print, as words on what it is doing; null when for nothing.
   * Others wait for a person, who has seen that they are cold.
   *
   * @param mono milliseconds that never jump
   */
  waitsFor(
    row: Pick<Printer, 'id' | 'continuousPrint' | 'printingJobId'>,
    live: LivePrinter | null,
    { bedBelowC, waitSeconds }: StartPolicyOptions['continuous'],
    mono: number,
  ): string | null {
    if (!row.continuousPrint || row.printingJobId !== null || live === null || !isMachineFree(live)) {
      this.#freeSince.delete(row.id);
      return null;
    }
    const since = this.#freeSince.get(row.id) ?? mono;
    this.#freeSince.set(row.id, since);
    const bed = live.report?.state.bedTemp ?? null;
    if (bedBelowC !== null && bed !== null && bed >= bedBelowC)
      return `cooling down, with its bed at ${Math.round(bed)} °C; the next print begins below ${bedBelowC} °C`;
    const left = waitSeconds - (mono - since) / 1000;
    return left > 0 ? `resting between two prints for another ${Math.ceil(left)} s` : null;
  }
}
