import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PRINTABLE, type PrintOrder } from '../../../drivers/emulator/print-order.js';
import { PrintPlan } from '../../../drivers/emulator/print-plan.js';

function order(predictionSeconds: number, layers: number): PrintOrder {
  return {
    taskId: '1',
    subtaskId: '1',
    projectId: '1',
    profileId: '0',
    subtaskName: 'cube',
    remoteName: 'cube.gcode.3mf',
    plate: 1,
    predictionSeconds,
    layers,
    feeds: [],
    nozzleTarget: 220,
    bedTarget: 60,
    printType: 'local',
    finding: PRINTABLE,
  };
}

const plans = fc
  .tuple(
    fc.integer({ min: 1, max: 400_000 }),
    fc.integer({ min: 1, max: 5_000 }),
    fc.array(fc.integer(), { maxLength: 9 }),
  )
  .map(([seconds, layers, stages]) => new PrintPlan(order(seconds, layers), stages));

describe('the plan of a print', () => {
  test('never goes back, whatever it prints', () => {
    fc.assert(
      fc.property(
        plans,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (plan, a, b) => {
          const [early, late] = [Math.min(a, b) * plan.endMs, Math.max(a, b) * plan.endMs];
          expect(plan.layer(early)).toBeLessThanOrEqual(plan.layer(late));
          expect(plan.percent(early)).toBeLessThanOrEqual(plan.percent(late));
          expect(plan.used(early)).toBeLessThanOrEqual(plan.used(late));
          expect(plan.remainingMinutes(early)).toBeGreaterThanOrEqual(plan.remainingMinutes(late));
        },
      ),
    );
  });

  test('begins every layer at the moment it says', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 5_000 }), (plan, wanted) => {
        const layer = Math.min(wanted, plan.order.layers);
        expect(plan.layer(plan.layerAtMs(layer) + 0.01)).toBe(layer);
      }),
    );
  });

  test('runs for as long as the slicer predicted', () => {
    const plan = new PrintPlan(order(3600, 100), [2, 13, 4]);
    expect(plan.endMs - plan.runAtMs).toBe(3_600_000);
    expect(plan.percent(plan.endMs - 1)).toBe(99);
    expect(plan.percent(plan.endMs)).toBe(100);
    expect(plan.remainingMinutes(0)).toBe(60);
    expect(plan.remainingMinutes(plan.endMs)).toBe(0);
    expect(plan.steps.map((step) => step.activity)).toEqual([
      'PREPARE',
      'SLICING',
      'RUNNING',
      'RUNNING',
      'RUNNING',
      'RUNNING',
    ]);
  });
});
