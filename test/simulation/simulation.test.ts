import { expect, it } from 'vitest';
import { FAULT_NAMES } from '../../drivers/emulator/index.js';
import { simulate } from './simulation.js';
import { TROUBLES } from './troubles.js';

it('knows every fault of the emulator', () => {
  expect(TROUBLES.map(({ name }) => name).sort()).toEqual([...FAULT_NAMES].sort());
});

it('pain-08, pain-09, pain-11, pain-12, pain-13, pain-22: a small farm keeps the promise through faults, kills and restarts', async () => {
  const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000_000);
  console.log(
    `simulation seed ${seed}; again: SIMULATION_SEED=${seed}, or npm run simulate -- --seed ${seed}`,
  );
  const report = await simulate({ seed, printers: 4, jobs: 6, steps: 150, budgetMs: 5_000 });
  if (report.breaches.length > 0) console.error(report.history.join('\n'));
  expect(report.breaches, `seed ${seed}, kept in ${report.kept}`).toEqual([]);
  expect(report.begun).toBeGreaterThan(0);
}, 180_000);
