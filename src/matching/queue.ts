import { filamentType } from './filament.js';
import { FIT_CHECKS } from './fit-checks.js';
import type { MatchJob, MatchPrinter, MatchSettings } from './input.js';
import { channelMapping } from './mapping.js';
import { placeChannels } from './materials.js';
import { byQueue, byWear } from './order.js';
import { firstFailing } from './pair.js';
import { type PreparedJob, type PreparedPrinter, prepareJob, preparePrinter } from './prepare.js';
import { couldTakeAJob, isBelowLimit, startsAllowed } from './readiness-checks.js';
import { MatchReasons } from './reasons.js';
import type { ChannelMapping } from './result.js';

export interface JobAssignment {
  readonly jobId: string;
  readonly printerId: string;
  readonly mapping: readonly ChannelMapping[];
}

export interface QueueResult {
  /** In queue order; no printer and no job occurs twice. */
  readonly assignments: readonly JobAssignment[];
  /** What this pass found; jobs it did not come to are absent. */
  readonly reasons: MatchReasons;
}

/**
 * Gives jobs to printers, one job per printer, first job first. A job that fits no free printer is passed over
 * and holds nobody up.
 */
export function matchQueue(
  jobs: readonly MatchJob[],
  printers: readonly MatchPrinter[],
  settings: MatchSettings,
): QueueResult {
  const pass = new Pass(printers.filter(couldTakeAJob).sort(byWear).map(preparePrinter), settings);
  const queue = jobs.toSorted(byQueue);
  const normal = queue.filter((job) => job.priority === 100);
  pass.walk(normal);
  // Low-priority jobs have their turn when no normal job waits, or none of those that wait could start.
  const lowMayRun = normal.length === 0 || (settings.processLowPriorityJobs && pass.assignments.length === 0);
  if (lowMayRun) pass.walk(queue.slice(normal.length));
  return { assignments: pass.assignments, reasons: pass.reasons };
}

/** Jobs that no check can tell apart: they fit the same printers. Colours choose slots, but decide no check. */
interface Kind {
  readonly job: PreparedJob;
  /** Printers before this position are taken or do not fit. */
  next: number;
  /** Positions of the printers that were looked at and do not fit. */
  readonly mismatches: number[];
  /** How many of the mismatches were told of a part and plate already. */
  readonly told: Map<string, number>;
}

class Pass {
  readonly assignments: JobAssignment[] = [];
  readonly reasons: MatchReasons;
  private readonly kinds = new Map<string, Kind>();
  private readonly taken = new Set<number>();

  constructor(
    private readonly candidates: readonly PreparedPrinter[],
    private readonly settings: MatchSettings,
  ) {
    this.reasons = new MatchReasons(candidates, settings);
  }

  walk(jobs: readonly MatchJob[]): void {
    for (const job of jobs) {
      if (this.taken.size === this.candidates.length || !this.hasRoom()) return;
      this.place(job);
    }
  }

  private place(job: MatchJob): void {
    const kind = this.kindOf(job);
    const position = this.findPrinter(kind);
    this.note(job, kind, position);
    const printer = position === null ? undefined : this.candidates[position];
    if (position === null || printer === undefined) return;
    const prepared = prepareJob(job);
    const placement = placeChannels(prepared, printer, this.settings);
    if (!placement.placed) throw new Error('material-match passed without a placement');
    this.taken.add(position);
    this.assignments.push({
      jobId: job.id,
      printerId: printer.printer.id,
      mapping: channelMapping(prepared, placement.slots),
    });
  }

  private findPrinter(kind: Kind): number | null {
    while (kind.next < this.candidates.length) {
      const position = kind.next++;
      const printer = this.candidates[position];
      if (printer === undefined || this.taken.has(position)) continue;
      if (firstFailing(FIT_CHECKS, { job: kind.job, printer, settings: this.settings }) === null)
        return position;
      kind.mismatches.push(position);
    }
    return null;
  }

  private note(job: MatchJob, kind: Kind, winner: number | null): void {
    const { mismatches, told } = kind;
    const part = JSON.stringify([job.partId, job.plateId]);
    const known = told.get(part) ?? 0;
    told.set(part, mismatches.length);
    this.reasons.note({ job, mismatches, known, seen: mismatches.length, winner });
  }

  private kindOf(job: MatchJob): Kind {
    const key = signature(job);
    let kind = this.kinds.get(key);
    if (kind === undefined) {
      kind = { job: prepareJob(job), next: 0, mismatches: [], told: new Map() };
      this.kinds.set(key, kind);
    }
    return kind;
  }

  private hasRoom(): boolean {
    const more = this.assignments.length;
    return isBelowLimit(this.settings, more) && startsAllowed(this.settings, more);
  }
}

/** Everything of a job that decides a check. */
function signature(job: MatchJob): string {
  const tags = Object.entries(job.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const needed = job.channels.filter((channel) => channel.skip !== true);
  const demands = needed.map((channel) =>
    JSON.stringify([filamentType(channel.type), channel.extruder, channel.alternatives]),
  );
  return JSON.stringify([tags, job.file, demands.sort(), [...job.excludedPrinterIds].sort()]);
}
