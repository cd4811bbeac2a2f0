/** `npm run simulate`: seed after seed until the time is over or the promise is broken. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Report, simulate } from './simulation.js';

const HELP = `Plays farms with random faults, kills and restarts, and checks after every step that no job was printed
twice, lost, or told wrongly. Ends with code 1 at the first broken promise.

  --seed N       first seed (default: from the clock; it is printed)
  --minutes N    run seed after seed for so long (default: one seed)
  --steps N      steps per seed (default 1000)
  --printers N   (default 20)
  --jobs N       (default 300)
  --restarts N   how much more often than usual the daemon is killed or stopped (default 1)
  --verbose      print every step`;

const whole = (low: number, high: number) => z.coerce.number().int().min(low).max(high);
const wanted = z.object({
  seed: whole(0, 4_294_967_295).optional(),
  minutes: z.coerce.number().min(0).max(100_000).default(0),
  steps: whole(1, 1_000_000).default(1_000),
  printers: whole(1, 200).default(20),
  jobs: whole(1, 10_000).default(300),
  restarts: z.coerce.number().min(0).max(100).default(1),
});

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    seed: text,
    minutes: text,
    steps: text,
    printers: text,
    jobs: text,
    restarts: text,
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  const { minutes, seed: first = Date.now() % 1_000_000_000, ...size } = wanted.parse(values);
  const until = performance.now() + minutes * 60_000;
  const reports: Report[] = [];
  for (let seed = first; reports.length === 0 || performance.now() < until; seed++) {
    console.log(`seed ${seed}: ${size.printers} printers, ${size.jobs} jobs, ${size.steps} steps`);
    const began = performance.now();
    const report = await simulate({
      ...size,
      seed,
      ...(values.verbose ? { onStep: (line) => console.log(`  ${line}`) } : {}),
    });
    reports.push(report);
    console.log(told(report, (performance.now() - began) / 1000));
    if (report.breaches.length === 0) continue;
    console.log(failure(report, size));
    process.exitCode = 1;
    break;
  }
  if (reports.length > 1) console.log(summary(reports));
}

function told(report: Report, seconds: number): string {
  const { steps, kills, stops, jobs, begun, refusedEverywhere, breaches, faults } = report;
  const injected = [...faults].sort().map(([name, count]) => `${name} ${count}`);
  return [
    `  ${steps} steps, ${kills} kills, ${stops} stops, ${sum(faults)} faults in ${seconds.toFixed(0)} s`,
    `  jobs: ${jobs.completed} completed, ${jobs.failed} failed, ${jobs.unknown} unknown, ${jobs.cancelled} cancelled`,
    `  prints begun: ${begun}; jobs that every printer refused: ${refusedEverywhere}`,
    `  faults: ${injected.join(', ')}`,
    `  ${breaches.length === 0 ? 'the promise was kept' : 'THE PROMISE WAS BROKEN'}`,
  ].join('\n');
}

function failure(report: Report, size: { steps: number; printers: number; jobs: number }): string {
  const again = `--seed ${report.seed} --steps ${size.steps} --printers ${size.printers} --jobs ${size.jobs}`;
  return [
    ...report.breaches.map((breach) => `  ${breach}`),
    `  kept: ${report.kept}`,
    `  again: npm run simulate -- ${again}`,
    ...report.history.map((line) => `    ${line}`),
  ].join('\n');
}

function summary(reports: readonly Report[]): string {
  const total = (of: (report: Report) => number) => reports.reduce((all, report) => all + of(report), 0);
  const seeds = `${reports[0]?.seed} to ${reports.at(-1)?.seed}`;
  return [
    `${reports.length} seeds (${seeds}): ${total((r) => r.steps)} steps, ${total((r) => r.kills)} kills,`,
    `${total((r) => r.stops)} stops, ${total((r) => sum(r.faults))} faults, ${total((r) => r.begun)} prints begun,`,
    `${reports.filter(({ breaches }) => breaches.length > 0).length} broken promises`,
  ].join(' ');
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((all, count) => all + count, 0);
}
