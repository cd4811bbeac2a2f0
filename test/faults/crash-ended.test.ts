import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

let farm: CrashingFarm;
beforeAll(async () => {
  farm = await CrashingFarm.make('127.66.4.1', 'before:ended');
});
afterAll(() => farm.stop());

describe('pain-12: kill -9 at the end of a print', () => {
  it('counts the print once, whether the end had been written or not', async () => {
    await farm.queue();
    await farm.crashed();
    await farm.crashAtEach(['after:ended']);
    await farm.boot(null);
    await farm.until(await farm.newestJob(), 'completed');
    expect(farm.begun()).toHaveLength(1);
    expect(await farm.printerRow()).toMatchObject({ confirmedReady: false, lifetimeJobCount: 1 });
  }, 60_000);

  it('stops within five seconds on SIGTERM, in the middle of a print', async () => {
    await farm.confirmReady();
    farm.emulator.setSpeed(30);
    await farm.queue();
    const id = await farm.newestJob();
    await farm.until(id, 'printing');
    const began = performance.now();
    expect(await farm.terminate()).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    farm.emulator.setSpeed(3_000);
    await farm.boot(null);
    await farm.until(id, 'completed');
    expect(farm.begun()).toHaveLength(2);
  }, 60_000);
});
