/**
 * `dispatch`: what the daemon takes from choosing a printer to telling it to print.
 *
 * From the beginning of the transaction that reserves the printer to the moment the start command is handed to the
 * socket, less the file's transfer. In turn, a straight script makes four durable commits on the same disk (as many
 * as a dispatch has steps until then) and hands one publish of the same size to the same emulated printer.
 *
 * What limits it: the disk's fsync, which both wait for four times. Beyond it the daemon reads job, printer and file
 * again before each step, writes the job, its build and the printer beside the journal, and looks at the printer once
 * more before the start.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { type Benchmark, type BenchmarkOptions, type Figure, median } from './benchmark.js';
import { Child } from './child.js';
import { EmulatedFarm } from './emulated.js';
import { Daemon, inFolder, install } from './farm.js';
import { bareArgs } from './places.js';
import { slicedFile } from './sliced-file.js';

const PER_ROUND = 10;
const SPEED = 600;
const PRINT_S = 600;
const JOB_MS = 60_000;

export const dispatch: Benchmark = {
  name: 'dispatch',
  about: 'from reserving a printer to its start command, against four durable commits and one publish',
  run: (options) => inFolder('dispatch', (folder) => measure(folder, options)),
};

async function measure(folder: string, options: BenchmarkOptions): Promise<readonly [Figure, ...Figure[]]> {
  const emulated = await EmulatedFarm.start({ folder, count: 1, model: 'X1C', speed: SPEED });
  const [printer] = emulated.printers;
  const script = new Child({
    name: 'the straight script',
    args: bareArgs('four-commits', [folder, JSON.stringify(printer), emulated.caFile]),
    logFile: join(folder, 'four-commits.log'),
  });
  try {
    const farm = await install(join(folder, 'farm'), {
      printers: emulated.printers,
      caFiles: [emulated.caFile],
    });
    const daemon = await Daemon.start(farm, {
      probes: ['bench/child/probe-dispatches.js'],
      profileDir: options.profileDir,
    });
    try {
      await daemon.allOnline(1);
      const part = await daemon.api.addPart('small', 'small.gcode.3mf', await slicedFile(PRINT_S));
      const baseline: number[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        options.tell(`round ${round} of ${options.rounds}: ${PER_ROUND} dispatches`);
        for (let job = 1; job <= PER_ROUND; job++) {
          await daemon.confirmBeds();
          await daemon.build(part, 1);
          await daemon.jobsIn(['completed'], (round - 1) * PER_ROUND + job, JOB_MS);
          baseline.push(await script.ask(z.number(), 'run'));
        }
      }
      const taken = await daemon.child.ask(
        z.array(z.object({ totalMs: z.number(), transferMs: z.number() })),
        'dispatches',
      );
      if (taken.length !== baseline.length) throw new Error(`${taken.length} starts were seen`);
      return [
        {
          name: 'dispatch',
          goal: { op: '<=', value: 3 },
          subject: median(taken.map(({ totalMs, transferMs }) => totalMs - transferMs)),
          baseline: median(baseline),
          unit: 'ms',
          detail: { dispatches: taken.length, transferMs: median(taken.map((one) => one.transferMs)) },
        },
      ];
    } finally {
      await daemon.stop();
    }
  } finally {
    await script.stop();
    await emulated.stop();
  }
}
