import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

/** In the order in which one dispatch passes them: at each, nothing has been asked of the machine that prints. */
const POINTS = ['before:transferring', 'after:transferring', 'before:upload'];

let farm: CrashingFarm;
beforeAll(async () => {
  farm = await CrashingFarm.make('127.66.1.1', POINTS[0] ?? null);
});
afterAll(() => farm.stop());

describe('pain-08, pain-12: kill -9 while a file is to be sent', () => {
  it('sends it in the end, and it is printed exactly once in the end', async () => {
    await farm.queue();
    await farm.crashed();
    await farm.crashAtEach(POINTS.slice(1));
    expect(farm.starts()).toHaveLength(0);
    await farm.boot(null);
    const id = await farm.newestJob();
    await farm.until(id, 'completed');
    expect(farm.starts()).toHaveLength(1);
    expect(farm.begun()).toHaveLength(1);
    expect(farm.transfers()).toHaveLength(1);
    // A bed that carries a print is never taken for clear.
    expect(await farm.printerRow()).toMatchObject({ confirmedReady: false, printingJobId: null });
  }, 60_000);
});
