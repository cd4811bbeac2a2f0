/**
 * `npm run faults`: the fault-injection tests at their full size, as a table; exit code 1 when one of them fails.
 * What they prove, and what they showed: docs/reliability.md.
 */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { crashes, lostReplies, reboots } from './dispatch-tests.js';
import { malformed, uploads } from './driver-tests.js';
import { floods } from './flood-test.js';
import { impostors } from './impostor-test.js';
import { flapping } from './network-tests.js';
import type { TortureTest, Verdict } from './trial.js';

const TESTS: readonly TortureTest[] = [
  crashes,
  lostReplies,
  reboots,
  uploads,
  floods,
  malformed,
  impostors,
  flapping,
];

const args = await yargs(hideBin(process.argv))
  .usage('npm run faults -- [options]')
  .option('only', { type: 'array', number: true, describe: 'Numbers of the tests to run' })
  .option('seed', { type: 'number', default: 1, describe: 'The first seed' })
  .option('seeds', { type: 'number', describe: 'So many seeds from there, 25 by default' })
  .option('minutes', { type: 'number', describe: 'How long what takes time goes on, 5 by default' })
  .option('at-once', { type: 'number', default: 2, describe: 'Farms at work at one time' })
  .option('quick', { type: 'boolean', default: false, describe: 'One seed and half a minute' })
  .strict()
  .parse();

const count = args.seeds ?? (args.quick ? 1 : 25);
const seeds = Array.from({ length: count }, (_, at) => args.seed + at);
const wanted = TESTS.filter(({ number }) => args.only === undefined || args.only.includes(number));
const rows: string[][] = [['TEST', 'WHAT', 'SEEDS', 'RUNS', 'FIGURES', 'HOLDS']];
for (const test of wanted) {
  const tell = (text: string) => void process.stderr.write(`${test.number}: ${text}\n`);
  const verdict = await test
    .run({ seeds, minutes: args.minutes ?? (args.quick ? 0.5 : 5), atOnce: args.atOnce, tell })
    .catch((error: unknown): Verdict => ({ runs: 0, figures: '', failures: [String(error)] }));
  for (const failure of verdict.failures) tell(failure);
  if (verdict.failures.length > 0) process.exitCode = 1;
  const range = count === 1 ? String(args.seed) : `${args.seed}-${args.seed + count - 1}`;
  const holds = verdict.failures.length === 0 ? 'yes' : `NO (${verdict.failures.length})`;
  rows.push([String(test.number), test.name, range, String(verdict.runs), verdict.figures, holds]);
}
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows) {
  process.stdout.write(
    `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`,
  );
}
