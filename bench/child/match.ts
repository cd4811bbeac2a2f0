/** Measures matching passes and bare loops in turns; prints the rounds as JSON. Arguments: jobs, printers, rounds. */
import type { MatchJob, MatchPrinter, MatchSettings } from '../../src/matching/input.js';
import { kindKey } from '../../src/matching/kind.js';
import { matchQueue } from '../../src/matching/queue.js';
import { WorkingSet } from '../../src/matching/working-set.js';
import { median } from '../benchmark.js';
import { madeJobs, madePrinters, unlike } from './match-farm.js';

const SETTINGS: MatchSettings = {
  checkRemaining: 'warn',
  distinctSlots: false,
  processLowPriorityJobs: false,
  maxConcurrentJobs: null,
  activeJobs: 0,
  begun: new Set(),
};
/** Printers that become free one after another in a round. */
const FREED = 40;

const [jobCount = 0, printerCount = 0, rounds = 0] = process.argv.slice(2).map(Number);
const jobs = madeJobs(jobCount);
const double = madeJobs(2 * jobCount);
const different = unlike(jobs);
const printers = madePrinters(printerCount);
const kinds = new Set(jobs.map((job) => kindKey(job, SETTINGS))).size;

const measured = Array.from({ length: rounds + 1 }, () => ({
  bareMs: timed(() => bareLoop(jobs, printers)),
  fullMs: timed(() => matchQueue(jobs, printers, SETTINGS)),
  unlikeMs: timed(() => matchQueue(different, printers, SETTINGS)),
  doubleMs: timed(() => matchQueue(double, printers, SETTINGS)),
  assigned: matchQueue(jobs, printers, SETTINGS).assignments.length,
  kinds,
  incrementalMs: freed(jobs),
  incrementalUnlikeMs: freed(different),
  bareOneMs: median(printers.slice(0, FREED).map((printer) => timed(() => bareLoop(jobs, [printer])))),
}));
// The first one warmed up.
process.stdout.write(`${JSON.stringify(measured.slice(1))}\n`);

/** What a pass takes after one printer of a busy farm became free: the median of several. */
function freed(queue: readonly MatchJob[]): number {
  const set = new WorkingSet(SETTINGS);
  for (const printer of printers) set.putPrinter({ ...printer, available: false });
  for (const job of queue) set.putJob(job);
  set.pass(SETTINGS);
  const byId = new Map(queue.map((job) => [job.id, job]));
  return median(
    printers.slice(0, FREED).map((printer) => {
      let given: ReturnType<WorkingSet['pass']> = [];
      const took = timed(() => {
        set.putPrinter(printer);
        given = set.pass(SETTINGS);
      });
      // The farm is as busy as before, and the queue as long.
      set.dropPrinter(printer.id);
      for (const { jobId } of given) {
        const job = byId.get(jobId);
        if (job) set.putJob(job);
      }
      set.pass(SETTINGS);
      return took;
    }),
  );
}

/** Reads the tags and slots of every pair, and nothing else. */
function bareLoop(queue: readonly MatchJob[], machines: readonly MatchPrinter[]): number {
  let seen = 0;
  for (const job of queue) {
    for (const printer of machines) {
      for (const key in job.tags) if (job.tags[key] !== '') seen++;
      for (const tag of printer.tags) if (tag !== '') seen++;
      for (const slot of printer.slots) if (slot.loaded && slot.type !== '') seen++;
    }
  }
  return seen;
}

function timed(run: () => unknown): number {
  const from = performance.now();
  run();
  return performance.now() - from;
}
