import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRASH_CASES } from '../torture/crash-cases.js';
import { CrashFloor } from '../torture/crash-floor.js';
import { crashRun } from '../torture/crash-run.js';
import { Dice, rotatingSeed } from '../torture/dice.js';

/** Every crash point of a group once, with what else goes on decided by the day's seed. */
export function describeCrashes(group: string, net: number): void {
  const seed = rotatingSeed();
  const dice = new Dice(seed, group);
  let floor: CrashFloor;

  describe(`pain-08, pain-10, pain-12: kill -9 while ${group} (FAULT_SEED=${seed})`, () => {
    beforeAll(async () => {
      const models = ['H2D', 'X1C', dice.pick(['P1S', 'A1', 'A1M', 'P2S'])];
      const hosts = models.map((_model, at) => `127.66.${net}.${at + 1}`);
      floor = await CrashFloor.open(models, hosts, seed);
    }, 60_000);
    afterAll(() => floor.close());

    it.each(CRASH_CASES[group] ?? [])(
      '$scenario, at $point: nothing is printed twice and no job is lost',
      async (crash) => {
        const { broken, story, jobs } = await crashRun(floor, crash, dice);
        const told = [...story, JSON.stringify(jobs)].join('\n');
        expect(broken, told).toEqual([]);
      },
      90_000,
    );
  });
}
