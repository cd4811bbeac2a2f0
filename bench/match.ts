/**
 * `match` and `match-incremental`: what the matching engine costs against a bare loop over the same plain objects.
 *
 * `match`: a full pass over 10,000 queued jobs and 500 free printers with four AMS units each ÷ a double loop that only
 * reads the tags and slots of every pair. The engine takes the objects as the scheduler gives them, so that taking them
 * apart is part of its time. Most jobs wait for something that no printer has, so that their kinds are held against all
 * printers. Beside it: no two of the jobs alike (`match-unlike`), and twice as many jobs ÷ the pass itself (`match-growth`).
 *
 * `match-incremental`: the same queue, read and settled, on a farm that is busy; one printer becomes free: putting it in
 * and the pass ÷ the bare loop over that printer and all jobs. In the detail: the same where no two jobs are alike.
 *
 * What limits it: a pass costs kinds of jobs × printers, not jobs × printers. With jobs that are all alike only taking
 * them apart is left; with jobs of which no two are, every pair is checked.
 */
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { built, output } from './child.js';

const JOBS = 10_000;
const PRINTERS = 500;

const round = z.object({
  fullMs: z.number(),
  unlikeMs: z.number(),
  doubleMs: z.number(),
  bareMs: z.number(),
  assigned: z.int(),
  kinds: z.int(),
  incrementalMs: z.number(),
  incrementalUnlikeMs: z.number(),
  bareOneMs: z.number(),
});
const measured = z.array(round).min(1);
type Round = z.infer<typeof round>;

export const match: Benchmark = {
  name: 'match',
  about: 'a full matching pass over 10,000 jobs and 500 printers against a bare double loop',
  async run(options) {
    const { rounds, printers, of } = await measure(options);
    const detail = { printers, jobs: JOBS, kinds: of('kinds'), assigned: of('assigned'), rounds };
    return [
      figure('match', 5, of('fullMs'), of('bareMs'), detail),
      figure('match-unlike', 5, of('unlikeMs'), of('bareMs'), { ...detail, kinds: JOBS }),
      figure('match-growth', 2.2, of('doubleMs'), of('fullMs'), { ...detail, jobs: 2 * JOBS }),
    ];
  },
};

export const matchIncremental: Benchmark = {
  name: 'match-incremental',
  about: 'a pass after one printer became free against a bare loop over it and 10,000 jobs',
  async run(options) {
    const { rounds, printers, of } = await measure(options);
    const unlikeMs = of('incrementalUnlikeMs');
    const detail = { printers, jobs: JOBS, kinds: of('kinds'), rounds, unlikeMs };
    return [figure('match-incremental', 5, of('incrementalMs'), of('bareOneMs'), detail)];
  },
};

async function measure({ printers, rounds, tell }: BenchmarkOptions) {
  const count = printers ?? PRINTERS;
  tell(`${rounds} rounds after one to warm up: ${JOBS} jobs, ${count} printers`);
  const args = [JOBS, count, rounds].map(String);
  const found = measured.parse(JSON.parse(await output([built('bench/child/match.js'), ...args])));
  return {
    rounds: found.length,
    printers: count,
    of: (name: keyof Round) => median(found.map((one) => one[name])),
  };
}

function figure(
  name: string,
  goal: number,
  subject: number,
  baseline: number,
  detail: Figure['detail'],
): Figure {
  return { name, goal: { op: '<=', value: goal }, subject, baseline, unit: 'ms', detail };
}
