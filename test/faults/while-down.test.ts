import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CrashingFarm } from './crashing-farm.js';

let farm: CrashingFarm;
beforeAll(async () => {
  farm = await CrashingFarm.make('127.66.30.1', null);
});
afterAll(() => farm.stop());

it('pain-14: a print from the screen, begun and ended while the daemon was down, leaves the bed in doubt', async () => {
  await farm.queue();
  await farm.until(await farm.newestJob(), 'completed');
  await farm.confirmReady();
  expect(await farm.printerRow()).toMatchObject({ confirmedReady: true });
  await farm.kill();
  farm.printer.startExternalJob('from_the_screen', 60);
  await farm.emulator.log.waitFor(
    ({ kind, event, subtaskName }) =>
      kind === 'print' && event === 'ended' && subtaskName === 'from_the_screen',
    15_000,
    'the end of the other print',
  );
  await farm.boot(null);
  await vi.waitFor(
    async () => expect(await farm.printerRow()).toMatchObject({ isAvailable: true, confirmedReady: false }),
    { timeout: 10_000, interval: 25 },
  );
  await farm.queue();
  const id = await farm.newestJob();
  await farm.confirmReady();
  await farm.until(id, 'completed');
  expect(farm.begun()).toHaveLength(3);
}, 90_000);

it('counts the hours of a print from the screen through a kill in its middle, once, and no job', async () => {
  await vi.waitFor(async () => expect(await farm.printerRow()).toMatchObject({ isAvailable: true }), {
    timeout: 10_000,
    interval: 25,
  });
  const before = await farm.printerRow();
  farm.emulator.setSpeed(600);
  const at = (event: string) =>
    farm.emulator.log
      .waitFor(
        ({ kind, event: happened, subtaskName }) =>
          kind === 'print' && happened === event && subtaskName === 'vase',
        30_000,
        `the vase ${event}`,
      )
      .then(() => performance.now());
  const times = [at('begun'), at('ended')] as const;
  farm.printer.startExternalJob('vase', 3_000);
  const began = await times[0];
  await vi.waitFor(async () => expect(await farm.printerRow()).toMatchObject({ isAvailable: false }), {
    timeout: 10_000,
    interval: 25,
  });
  await farm.kill();
  await farm.boot(null);
  const ended = await times[1];
  await vi.waitFor(
    async () => {
      const { lifetimePrintHours, lifetimeJobCount, isAvailable } = await farm.printerRow();
      expect(isAvailable).toBe(true);
      expect(lifetimeJobCount).toBe(before.lifetimeJobCount);
      const counted = (lifetimePrintHours - before.lifetimePrintHours) * 3_600_000;
      expect(Math.abs(counted - (ended - began))).toBeLessThan(2_000);
    },
    { timeout: 15_000, interval: 50 },
  );
}, 90_000);
