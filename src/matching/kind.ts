import { filamentType } from './filament.js';
import type { MatchJob, MatchRules } from './input.js';
import { byQueue } from './order.js';
import { type PreparedJob, type PreparedPrinter, prepareJob } from './prepare.js';

/** A pending job in its place. */
export interface Waiting {
  readonly job: MatchJob;
  readonly kind: Kind;
  /** The foremost of the jobs that it is kept together with; itself where there is none before it. */
  front: MatchJob;
  /** Another job that it is kept together with is under way. */
  begun: boolean;
}

/** A printer that could take a job now. */
export interface Candidate {
  readonly printer: PreparedPrinter;
  /** When it came to be as it is, on the set's own count. */
  readonly since: number;
}

/** Jobs that no check can tell apart: they fit the same printers. Colours choose slots, but decide no check. */
export interface Kind {
  readonly key: string;
  readonly job: PreparedJob;
  /** First to last. */
  readonly waiting: Waiting[];
  /** No printer that was free before this, on the set's count, fits; 0 before any was looked at. */
  tried: number;
  /** A pass has looked at it. */
  met: boolean;
  /** In a pass: where in the list of candidates it goes on, what it found there, and what did not fit. */
  next: number;
  found: Candidate | null;
  misfits: PreparedPrinter[];
}

export function newKind(key: string, job: MatchJob): Kind {
  return {
    key,
    job: prepareJob(job),
    waiting: [],
    tried: 0,
    met: false,
    next: 0,
    found: null,
    misfits: [],
  };
}

/** Everything of a job that decides a check. */
export function kindKey(job: MatchJob, rules: MatchRules): string {
  const tags = Object.entries(job.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  const demands: string[] = [];
  for (const channel of job.channels) {
    if (channel.skip === true) continue;
    const amount = rules.checkRemaining === 'refuse' ? channel.usedGrams : null;
    demands.push(
      JSON.stringify([filamentType(channel.type), channel.extruder, channel.alternatives, amount]),
    );
  }
  return JSON.stringify([tags, job.file, demands.sort(), [...job.excludedPrinterIds].sort()]);
}

/** The order of the queue, with jobs that are kept together one after another. */
export function byPlace(a: Waiting, b: Waiting): number {
  return (
    a.job.priority - b.job.priority ||
    Number(b.begun) - Number(a.begun) ||
    byQueue(a.front, b.front) ||
    byQueue(a.job, b.job)
  );
}

/** Puts a job in its place among those of its kind. */
export function insertWaiting({ waiting }: Kind, one: Waiting): void {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = waiting[middle];
    if (there !== undefined && byPlace(there, one) <= 0) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, one);
}
