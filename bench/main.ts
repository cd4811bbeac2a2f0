/**
 * `npm run bench`: every benchmark with its baseline, as a table. `-- NAME --json` prints one line about one of them,
 * `-- --list` what there is. Figures, goals and what limits them: docs/performance.md.
 */
import { resolve } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { auth } from './auth.js';
import { type Benchmark, judged, type Line } from './benchmark.js';
import { buildPrograms } from './child.js';
import { dispatch } from './dispatch.js';
import { fanout } from './fanout.js';
import { idleSubscribers } from './idle-subscribers.js';
import { ingest } from './ingest.js';
import { latency } from './latency.js';
import { describeMachine } from './machine.js';
import { match, matchIncremental } from './match.js';
import { outbox } from './outbox.js';
import { queueFarm } from './queue-farm.js';
import { get, list, search } from './rest.js';
import { stalledSubscriber } from './stalled-subscriber.js';
import { start } from './start.js';
import { upload } from './upload.js';
import { uploadFarm } from './upload-farm.js';
import { writes } from './writes.js';

const BENCHMARKS: readonly Benchmark[] = [
  ingest,
  writes,
  upload,
  dispatch,
  start,
  uploadFarm,
  queueFarm,
  list,
  get,
  search,
  auth,
  outbox,
  match,
  matchIncremental,
  fanout,
  latency,
  idleSubscribers,
  stalledSubscriber,
];

const args = await yargs(hideBin(process.argv))
  .usage('npm run bench -- [NAME..] [options]')
  .option('json', { type: 'boolean', default: false, describe: 'One JSON line for each benchmark' })
  .option('list', { type: 'boolean', default: false, describe: 'Say what benchmarks there are' })
  .option('printers', { type: 'number', describe: 'Emulated printers, where the benchmark takes any number' })
  .option('seconds', { type: 'number', describe: 'Length of the measured span, where it has one' })
  .option('megabytes', { type: 'number', describe: 'Size of the file that is sent, where one is' })
  .option('rounds', { type: 'number', default: 3, describe: 'Turns of subject and baseline' })
  .option('profile', {
    type: 'string',
    describe: "Folder for the daemon's CPU profiles (they cost a little)",
  })
  .strictOptions()
  .parse();

const known = new Map(BENCHMARKS.map((benchmark) => [benchmark.name, benchmark]));
const names = args._.length > 0 ? args._.map(String) : [...known.keys()];
const unknown = names.filter((name) => !known.has(name));

if (args.list) {
  for (const { name, about } of BENCHMARKS) process.stdout.write(`${name.padEnd(19)}${about}\n`);
} else if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${[...known.keys()].join(', ')}\n`);
  process.exitCode = 2;
} else {
  await buildPrograms();
  const lines: Line[] = [];
  for (const name of names) {
    const benchmark = known.get(name);
    if (benchmark) lines.push(...(await runOne(benchmark)));
  }
  if (!args.json) process.stdout.write(table(lines));
}

async function runOne(benchmark: Benchmark): Promise<readonly Line[]> {
  const machine = describeMachine();
  const figures = await benchmark.run({
    printers: args.printers ?? null,
    seconds: args.seconds ?? null,
    megabytes: args.megabytes ?? null,
    rounds: args.rounds,
    profileDir: args.profile === undefined ? null : resolve(args.profile),
    tell: (text) => void process.stderr.write(`${benchmark.name}: ${text}\n`),
  });
  const [first, ...further] = figures.map(judged);
  if (args.json) process.stdout.write(`${JSON.stringify({ ...first, machine, further })}\n`);
  return [...(first ? [first] : []), ...further];
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ name, ratio, goal, holds, subject, baseline, unit }) => [
    name,
    ratio.toFixed(3),
    `${goal.op} ${goal.value}`,
    holds ? 'yes' : 'NO',
    short(subject),
    short(baseline),
    unit,
  ]);
  const all = [['BENCHMARK', 'RATIO', 'GOAL', 'HOLDS', 'SUBJECT', 'BASELINE', 'UNIT'], ...rows];
  const widths =
    all[0]?.map((_title, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
