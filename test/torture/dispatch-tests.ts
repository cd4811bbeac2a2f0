import { CRASH_CASES } from './crash-cases.js';
import { CrashFloor } from './crash-floor.js';
import { crashRun } from './crash-run.js';
import { Dice } from './dice.js';
import { lostReplyRun, REBOOTS, rebootRun, type StartResult } from './start-runs.js';
import { eachAtOnce, percentile, type TortureTest, type Verdict } from './trial.js';

const OTHERS = ['P1S', 'A1', 'A1M', 'P2S'];
const RECONCILED_WITHIN_MS = 10_000;

/** Two to four printers of the seed's choice. */
function floorOf(seed: number, dice: Dice, net: number): Promise<CrashFloor> {
  const models = ['H2D', 'X1C', ...dice.shuffled(OTHERS).slice(0, dice.whole(0, 2))];
  const hosts = models.map((_model, at) => `127.65.${net % 250}.${at + 1}`);
  return CrashFloor.open(models, hosts, seed);
}

let net = 0;

export const crashes: TortureTest = {
  number: 1,
  name: 'kill -9 in every phase of dispatch',
  async run({ seeds, atOnce, tell }): Promise<Verdict> {
    const failures: string[] = [];
    const reconciled: number[] = [];
    let runs = 0;
    await eachAtOnce(seeds, atOnce, async (seed) => {
      const dice = new Dice(seed, 'crashes');
      const floor = await floorOf(seed, dice, net++);
      try {
        for (const crash of dice.shuffled(Object.values(CRASH_CASES).flat())) {
          const { broken, story, reconciledMs, windowMs, jobs } = await crashRun(floor, crash, dice).catch(
            (error: unknown) => ({
              broken: [String(error)],
              story: [],
              reconciledMs: 0,
              windowMs: 0,
              jobs: [],
            }),
          );
          runs += 1;
          const ownMs = Math.max(0, reconciledMs - windowMs);
          reconciled.push(ownMs);
          const slow =
            ownMs < RECONCILED_WITHIN_MS
              ? []
              : [`reconciled after ${Math.round(reconciledMs)} ms, ${windowMs} of them watching`];
          for (const what of [...broken, ...slow]) {
            const failure = `seed ${seed}, ${crash.scenario} ${crash.point}: ${what} (${story.join('; ')}) ${JSON.stringify(jobs)}`;
            failures.push(failure);
            tell(failure);
          }
          if (broken.length > 0 && floor.life.exitCode !== null) await floor.boot();
        }
        tell(`seed ${seed} done, ${runs} runs, ${failures.length} failures`);
      } finally {
        await floor.close();
      }
    });
    const points = Object.values(CRASH_CASES).flat().length;
    const seconds = (percent: number) => (percentile(reconciled, percent) / 1000).toFixed(1);
    const figures = `${points} points; reconciled in ${seconds(50)} s (median), ${seconds(100)} s (longest)`;
    return { runs, figures, failures };
  },
};

export const lostReplies: TortureTest = {
  number: 2,
  name: 'start reply lost',
  run: (options) => each(options, 'lost replies', (floor, dice) => [() => lostReplyRun(floor, dice)]),
};

export const reboots: TortureTest = {
  number: 3,
  name: 'printer reboots after upload, during start, in mid print',
  run: (options) =>
    each(options, 'reboots', (floor, dice) => REBOOTS.map((when) => () => rebootRun(floor, dice, when))),
};

/** The same few trials for every seed. */
async function each(
  { seeds, atOnce, tell }: Parameters<TortureTest['run']>[0],
  name: string,
  trials: (floor: CrashFloor, dice: Dice) => readonly (() => Promise<StartResult>)[],
): Promise<Verdict> {
  const failures: string[] = [];
  const outcomes = new Map<string, number>();
  let runs = 0;
  await eachAtOnce(chunks(seeds, atOnce), atOnce, async (chunk) => {
    const [first] = chunk;
    if (first === undefined) return;
    const floor = await floorOf(first, new Dice(first, name), net++);
    try {
      for (const seed of chunk) {
        for (const trial of trials(floor, new Dice(seed, name))) {
          const { job, broken, story } = await trial();
          runs += 1;
          const outcome = job?.errorMessage?.split(':')[0] ?? job?.status ?? 'nothing';
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          for (const what of broken) {
            failures.push(`seed ${seed}: ${what} (${story.join('; ')})`);
            tell(failures.at(-1) ?? '');
          }
        }
      }
    } finally {
      await floor.close();
    }
  });
  const figures = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  return { runs, figures, failures };
}

function chunks(seeds: readonly number[], count: number): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, at) => seeds.filter((_seed, index) => index % count === at));
}
