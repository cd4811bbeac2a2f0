import type { MatchJob, MatchPrinter, MatchSettings } from './input.js';
import type { PairReason } from './result.js';
import { type JobAssignment, WorkingSet } from './working-set.js';

export interface QueueResult {
  /** In queue order; no printer and no job occurs twice. */
  readonly assignments: readonly JobAssignment[];
  /** What the pass found about a job, by printer id; null when it did not come to it. */
  reasons(jobId: string): ReadonlyMap<string, PairReason> | null;
}

/** One pass over all jobs and printers. */
export function matchQueue(
  jobs: readonly MatchJob[],
  printers: readonly MatchPrinter[],
  settings: MatchSettings,
): QueueResult {
  const set = new WorkingSet(settings);
  for (const printer of printers) set.putPrinter(printer);
  for (const job of jobs) set.putJob(job);
  return { assignments: set.pass(settings), reasons: (jobId) => set.reasons(jobId) };
}
