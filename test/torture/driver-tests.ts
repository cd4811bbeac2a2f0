import fc from 'fast-check';
import { Dice } from './dice.js';
import { spoiltReports, take } from './malformed.js';
import { percentile, type TortureTest, type Verdict } from './trial.js';
import { BREAKAGES, uploadRig, uploadTrial } from './upload-trial.js';

export const uploads: TortureTest = {
  number: 4,
  name: 'upload broken at byte n',
  async run({ seeds, tell }): Promise<Verdict> {
    const failures: string[] = [];
    const idle: number[] = [];
    let runs = 0;
    const rig = uploadRig(201);
    await rig.start();
    try {
      for (const seed of seeds) {
        for (const [name, breakage] of Object.entries(BREAKAGES)) {
          const { broken, idleSeconds } = await uploadTrial(rig, new Dice(seed, name), breakage);
          runs += 1;
          if (idleSeconds !== null) idle.push(idleSeconds);
          for (const what of broken) {
            failures.push(`seed ${seed}, ${name}: ${what}`);
            tell(failures.at(-1) ?? '');
          }
        }
      }
    } finally {
      await rig.stop();
    }
    const figures = `a stall ends after ${percentile(idle, 50).toFixed(0)} s (median, clock x100)`;
    return { runs, figures, failures };
  },
};

const RUNS_PER_SEED = 400;

export const malformed: TortureTest = {
  number: 9,
  name: 'malformed reports',
  run({ seeds, tell }): Promise<Verdict> {
    const failures: string[] = [];
    let sent = 0;
    let counted = 0;
    for (const seed of seeds) {
      const property = fc.property(spoiltReports, (spoilt) => {
        const intake = take(spoilt);
        sent += intake.sent;
        counted += intake.malformed;
      });
      const { failed, errorInstance, counterexamplePath } = fc.check(property, {
        numRuns: RUNS_PER_SEED,
        seed,
      });
      if (!failed) continue;
      failures.push(`seed ${seed}, path ${counterexamplePath}: ${String(errorInstance).slice(0, 300)}`);
      tell(failures.at(-1) ?? '');
    }
    const figures = `${sent} spoilt reports, ${counted} counted as unreadable, every state valid`;
    return Promise.resolve({ runs: seeds.length * RUNS_PER_SEED, figures, failures });
  },
};
