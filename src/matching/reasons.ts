import type { MatchJob, MatchSettings } from './input.js';
import { pairReason } from './pair.js';
import type { PreparedJob, PreparedPrinter } from './prepare.js';
import type { PairReason } from './result.js';

/** What a pass found out about one job. */
export interface Finding {
  /** Positions of printers that do not fit; the first `known` of them were found by an equal job before. */
  readonly mismatches: readonly number[];
  readonly known: number;
  /** How many of the mismatches belong to this job; later jobs of its kind may add more. */
  readonly seen: number;
  readonly winner: { readonly position: number } | null;
}

/**
 * The reasons of one pass, by job and printer. Kept as positions and worded when asked for: a pass may look at
 * millions of pairs, and people read a few.
 */
export class MatchReasons {
  private readonly findings = new Map<string, { job: PreparedJob; finding: Finding }>();

  constructor(
    private readonly candidates: readonly PreparedPrinter[],
    private readonly settings: MatchSettings,
  ) {}

  note(job: MatchJob, prepared: PreparedJob, finding: Finding): void {
    this.findings.set(job.id, { job: prepared, finding });
  }

  /** Jobs the pass came to, in the order in which it did. */
  jobIds(): Iterable<string> {
    return this.findings.keys();
  }

  /** By printer id; null when the pass did not come to the job. Printers it took before are absent. */
  of(jobId: string): ReadonlyMap<string, PairReason> | null {
    const found = this.findings.get(jobId);
    if (found === undefined) return null;
    const { job, finding } = found;
    const reasons = new Map<string, PairReason>();
    for (const [at, position] of finding.mismatches.slice(0, finding.seen).entries()) {
      this.word(reasons, job, position, at < finding.known);
    }
    if (finding.winner !== null) this.word(reasons, job, finding.winner.position, false);
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
