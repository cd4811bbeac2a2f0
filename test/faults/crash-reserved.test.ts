import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

let farm: CrashingFarm;
beforeAll(async () => {
  farm = await CrashingFarm.make('127.66.5.1', 'before:reserved');
});
afterAll(() => farm.stop());

describe('pain-10, pain-12: kill -9 while a job is given to a printer', () => {
  it('leaves job and printer to each other or to the queue, and the job is printed exactly once', async () => {
    await farm.queue();
    await farm.crashed();
    await farm.crashAtEach(['after:reserved', 'before:reserved']);
    await farm.boot(null);
    const id = await farm.newestJob();
    await farm.until(id, 'completed');
    expect(farm.starts()).toHaveLength(1);
    expect(farm.begun()).toHaveLength(1);
    expect(await farm.printerRow()).toMatchObject({ confirmedReady: false, printingJobId: null });
  }, 60_000);
});
