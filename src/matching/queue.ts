import { FIT_CHECKS } from './fit-checks.js';
import type { MatchJob, MatchPrinter, MatchSettings } from './input.js';
import { channelMapping } from './mapping.js';
import { placeChannels } from './materials.js';
import { byQueue, byWear } from './order.js';
import { firstFailing } from './pair.js';
import { type PreparedJob, type PreparedPrinter, prepareJob, preparePrinter } from './prepare.js';
import { couldTakeAJob } from './readiness-checks.js';
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

/** Jobs that no check can tell apart: they share every verdict. */
interface JobGroup {
  readonly job: PreparedJob;
  /** Printers before this position are taken or do not fit. */
  next: number;
  /** Positions of the printers that were looked at and do not fit. */
  readonly mismatches: number[];
}

class Pass {
  readonly assignments: JobAssignment[] = [];
  readonly reasons: MatchReasons;
  private readonly groups = new Map<string, JobGroup>();
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
    const group = this.groupOf(job);
    const known = group.mismatches.length;
    const winner = this.findPrinter(group);
    this.reasons.note(job, group.job, {
      mismatches: group.mismatches,
      known,
      seen: group.mismatches.length,
      winner,
    });
    if (winner === null) return;
    this.taken.add(winner.position);
    this.assignments.push({ jobId: job.id, printerId: winner.printer.printer.id, mapping: winner.mapping });
  }

  private findPrinter(group: JobGroup): Winner | null {
    while (group.next < this.candidates.length) {
      const position = group.next++;
      const printer = this.candidates[position];
      if (printer === undefined || this.taken.has(position)) continue;
      if (firstFailing(FIT_CHECKS, { job: group.job, printer, settings: this.settings }) !== null) {
        group.mismatches.push(position);
        continue;
      }
      const placement = placeChannels(group.job, printer);
      if (!placement.placed) throw new Error('material-match passed without a placement');
      return { position, printer, mapping: channelMapping(group.job, placement.slots) };
    }
    return null;
  }

  private groupOf(job: MatchJob): JobGroup {
    const key = signature(job);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { job: prepareJob(job), next: 0, mismatches: [] };
      this.groups.set(key, group);
    }
    return group;
  }

  private hasRoom(): boolean {
    const { maxConcurrentJobs, activeJobs } = this.settings;
    return maxConcurrentJobs === null || activeJobs + this.assignments.length < maxConcurrentJobs;
  }
}

interface Winner {
  readonly position: number;
  readonly printer: PreparedPrinter;
  readonly mapping: readonly ChannelMapping[];
}

/** Everything of a job that a verdict or its wording depends on. */
function signature(job: MatchJob): string {
  const { partId, plateId, file, channels } = job;
  const tags = Object.entries(job.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([partId, plateId, tags, file, channels, [...job.excludedPrinterIds].sort()]);
}
