import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRANSFER_TIMING } from '../../drivers/bambu/transfer-timing.js';
import { Dice, rotatingSeed } from '../torture/dice.js';
import { BREAKAGES, uploadRig, uploadTrial } from '../torture/upload-trial.js';

const seed = rotatingSeed();
const rig = uploadRig(200);
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe(`fault-24, fault-25: an upload broken at byte n (FAULT_SEED=${seed})`, () => {
  it.each(Object.entries(BREAKAGES))(
    '%s: the size decides, nothing is left of it, and the next one arrives whole',
    async (name, breakage) => {
      const dice = new Dice(seed, name);
      for (let turn = 0; turn < 3; turn++) {
        const { broken } = await uploadTrial(rig, dice, breakage);
        expect(broken).toEqual([]);
      }
    },
  );

  it('is given up after thirty seconds without a byte', () => {
    expect(TRANSFER_TIMING.idleMs).toBe(30_000);
  });
});
