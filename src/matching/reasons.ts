import type { MatchJob, MatchSettings } from './input.js';
import { pairReason } from './pair.js';
import { type PreparedJob, type PreparedPrinter, prepareJob } from './prepare.js';
import type { PairReason } from './result.js';

/** What a pass found out about one job. */
export interface Finding {
  readonly job: MatchJob;
  /** Positions of printers that do not fit; the first `known` of them were told of an equal job before. */
  readonly mismatches: readonly number[];
  readonly known: number;
  /** How many of the mismatches belong to this job; later jobs of its kind may add more. */
  readonly seen: number;
  /** Position of the printer that takes the job. */
  readonly winner: number | null;
}

/**
 * The reasons of one pass, by job and printer. Kept as positions and worded when asked for: a pass may look at
 * millions of pairs, and people read a few.
 */
export class MatchReasons {
  private readonly findings = new Map<string, Finding>();

  constructor(
    private readonly candidates: readonly PreparedPrinter[],
    private readonly settings: MatchSettings,
  ) {}

  note(finding: Finding): void {
    this.findings.set(finding.job.id, finding);
  }

  /** Jobs the pass came to, in the order in which it did. */
  jobIds(): Iterable<string> {
    return this.findings.keys();
  }

  /** By printer id; null when the pass did not come to the job. Printers it took before are absent. */
  of(jobId: string): ReadonlyMap<string, PairReason> | null {
    const finding = this.findings.get(jobId);
    if (finding === undefined) return null;
    const job = prepareJob(finding.job);
    const reasons = new Map<string, PairReason>();
    for (const [at, position] of finding.mismatches.slice(0, finding.seen).entries()) {
      this.word(reasons, job, position, at < finding.known);
    }
    if (finding.winner !== null) this.word(reasons, job, finding.winner, false);
    return reasons;
  }

  private word(
    reasons: Map<string, PairReason>,
    job: PreparedJob,
    position: number,
    repeated: boolean,
  ): void {
    const printer = this.candidates[position];
    if (printer === undefined) return;
    const reason = pairReason({ job, printer, settings: this.settings });
    reasons.set(printer.printer.id, repeated ? asPrevious(reason, job.job) : reason);
  }
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
