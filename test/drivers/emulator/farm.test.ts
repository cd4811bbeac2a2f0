import { afterEach, describe, expect, test } from 'vitest';
import { Emulator } from '../../../drivers/emulator/index.js';
import { PROFILES } from '../../../drivers/emulator/profiles.js';
import { freshHost } from '../../fixtures/fresh-host.js';
import { listenFully, startEmulator } from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

describe('a farm', () => {
  test('of two hundred printers starts in one process within seconds', async () => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    emulator = await startEmulator({
      printers: Array.from({ length: 200 }, (_, i) => ({
        model: PROFILES[i % PROFILES.length]?.shortName ?? 'X1C',
      })),
      reportIntervalMs: 1000,
    });
    const seconds = (performance.now() - started) / 1000;
    const megabytes = (process.memoryUsage().rss - before) / 1024 / 1024;
    console.info(`200 emulated printers: ${seconds.toFixed(2)} s, ${megabytes.toFixed(0)} MB`);

    expect(new Set(emulator.printers.map((p) => p.serial)).size).toBe(200);
    expect(seconds).toBeLessThan(15);
    expect(megabytes).toBeLessThan(200);
    const last = emulator.printers.at(-1);
    if (last === undefined) throw new Error('no printer');
    const client = await listenFully(emulator, last);
    await client.close();
  });

  test('is the same for the same seed and another for another', async () => {
    const identities = async (seed: number): Promise<string[]> => {
      emulator = await startEmulator({ printers: [{}, { model: 'A1' }], seed });
      const seen = emulator.printers.map((p) => `${p.serial} ${p.accessCode} ${p.name}`);
      await emulator.stop();
      return seen;
    };

    const first = await identities(7);

    expect(await identities(7)).toEqual(first);
    expect(await identities(8)).not.toEqual(first);
  });

  test('refuses two printers of one serial and models it does not know', async () => {
    const printer = { model: 'X1C', serial: '00M00A000000001', mqttPort: 0, ftpPort: 0 };
    emulator = new Emulator({
      printers: [
        { ...printer, host: freshHost() },
        { ...printer, host: freshHost() },
      ],
    });
    await expect(emulator.start()).rejects.toThrow(/the same serial/);

    const unknown = new Emulator({ printers: [{ ...printer, model: 'Prusa', host: freshHost() }] });
    await expect(unknown.start()).rejects.toThrow(/no emulated model "Prusa"; known are X1C \(BL-P001\)/);
    await unknown.stop();
    expect(() => emulator.printer('00M')).toThrow(/no emulated printer/);
  });

  test('starts again after a stop', async () => {
    emulator = await startEmulator({ printers: [{}] });
    await emulator.stop();
    await emulator.start();
    const [printer] = emulator.printers;
    if (printer === undefined) throw new Error('no printer');
    const client = await listenFully(emulator, printer);
    await client.close();
  });
});
