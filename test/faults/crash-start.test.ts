import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

let farm: CrashingFarm;
beforeAll(async () => {
  farm = await CrashingFarm.make('127.66.2.1', 'after:start-sent');
});
afterAll(() => farm.stop());

describe('pain-08, pain-09: kill -9 between the intent to start and the start', () => {
  it('never sends the start on a guess; the job is kept, and a person may retry it', async () => {
    await farm.queue();
    await farm.crashed();
    for (const next of ['before:start', null]) {
      await farm.boot(next);
      const id = await farm.newestJob();
      const failed = await farm.until(id, 'failed');
      expect(failed.errorMessage).toMatch(/start_not_confirmed|outcome unknown/);
      expect(farm.starts()).toHaveLength(0);
      // Nobody knows what lies on the bed until someone has looked.
      expect(await farm.printerRow()).toMatchObject({ confirmedReady: false });
      await farm.confirmReady();
      await farm.retry(id);
      if (next !== null) await farm.crashed();
    }
    await farm.until(await farm.newestJob(), 'completed');
    expect(farm.starts()).toHaveLength(1);
    expect(farm.begun()).toHaveLength(1);
  }, 60_000);
});
