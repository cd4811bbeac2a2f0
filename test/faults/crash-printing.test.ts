import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

let farm: CrashingFarm;
beforeAll(async () => {
  // Slow enough for a daemon to die and come back while one print runs.
  farm = await CrashingFarm.make('127.66.3.1', 'after:start', 30);
});
afterAll(() => farm.stop());

describe('pain-08, pain-12: kill -9 when the printer has the start', () => {
  it('follows the same print through every crash, and never starts it again', async () => {
    await farm.queue();
    await farm.crashed();
    await farm.crashAtEach(['before:printing', 'after:printing']);
    await farm.boot(null);
    const id = await farm.newestJob();
    await farm.until(id, 'printing');
    farm.emulator.setSpeed(3_000);
    await farm.until(id, 'completed');
    expect(farm.starts()).toHaveLength(1);
    expect(farm.begun()).toHaveLength(1);
    expect(await farm.printerRow()).toMatchObject({ confirmedReady: false, printingJobId: null });
  }, 60_000);
});
