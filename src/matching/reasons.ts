import type { MatchJob, MatchSettings } from './input.js';
import type { Waiting } from './kind.js';
import { pairReason } from './pair.js';
import { type PreparedJob, type PreparedPrinter, prepareJob } from './prepare.js';
import type { PairReason } from './result.js';

/** What a pass found out about a job that it gave away. */
export interface Given {
  readonly job: MatchJob;
  /** Printers that did not fit; the first `seen` of them were tried for this job, later ones for others of its kind. */
  readonly misfits: readonly PreparedPrinter[];
  readonly seen: number;
  readonly winner: PreparedPrinter;
}

/** Jobs given away that are remembered, the latest. */
const MOST_GIVEN = 1_000;

/** The reasons of passes, by job and printer, worded when asked for: a pass decides millions of pairs, people read a few. */
export class MatchReasons {
  readonly #given = new Map<string, Given>();

  note(given: Given): void {
    this.#given.set(given.job.id, given);
    const [oldest] = this.#given.keys();
    if (this.#given.size > MOST_GIVEN && oldest !== undefined) this.#given.delete(oldest);
  }

  forget(jobId: string): void {
    this.#given.delete(jobId);
  }

  /** By printer id; null for a job that was not given away lately. */
  ofGiven(jobId: string, settings: MatchSettings): ReadonlyMap<string, PairReason> | null {
    const given = this.#given.get(jobId);
    if (given === undefined) return null;
    const job = prepareJob(given.job);
    const tried = [...given.misfits.slice(0, given.seen), given.winner];
    return new Map(tried.map((printer) => [printer.printer.id, pairReason({ job, printer, settings })]));
  }

  /** By printer id. A mismatch that an equal job before it has as well is told as a repetition. */
  ofWaiting(
    { job, kind }: Waiting,
    printers: readonly PreparedPrinter[],
    settings: MatchSettings,
  ): ReadonlyMap<string, PairReason> {
    const prepared = prepareJob(job);
    const first = kind.waiting.find(
      (one) => one.job.partId === job.partId && one.job.plateId === job.plateId,
    );
    const repeated = first !== undefined && first.job.id !== job.id;
    return new Map(
      printers.map((printer) => [printer.printer.id, reasonOf(prepared, printer, settings, repeated)]),
    );
  }
}

function reasonOf(
  job: PreparedJob,
  printer: PreparedPrinter,
  settings: MatchSettings,
  repeated: boolean,
): PairReason {
  const reason = pairReason({ job, printer, settings });
  return repeated ? asPrevious(reason, job.job) : reason;
}

/** The contract tells a repeated mismatch by part and plate; without a part the reason itself is told. */
function asPrevious(reason: PairReason, { partId, plateId }: MatchJob): PairReason {
  if (reason.matched || partId === null) return reason;
  return {
    matched: false,
    reason: `An equal job before this one did not fit either. ${reason.reason}`,
    reasonCode: 'previous-mismatch',
    data: plateId === null ? { partId } : { partId, plateId },
  };
}
