import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { Emulator } from '../../drivers/emulator/index.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { type Config, completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { type RunningDaemon, startDaemon } from '../../src/daemon.js';
import { initialise } from '../../src/installation.js';
import { createLogger } from '../../src/telemetry/log.js';
import { emulatorCa } from '../fixtures/emulator-ca.js';
import { receiver } from '../webhooks/receiver.js';

const HOSTS = ['127.61.0.1', '127.61.0.2'];
const printersSchema = z.array(
  z.object({ name: z.string(), enabled: z.boolean(), isOnline: z.boolean().nullable() }),
);

let folder: string;
let emulator: Emulator;
let daemon: RunningDaemon;
let headers: Record<string, string>;

/** The configuration with these of the emulator's printers, and settings laid over. */
function config(printers: readonly { index: number; mqttPort?: number }[], more: object = {}): Config {
  const settings = settingsSchema.parse({
    dataDir: join(folder, 'data'),
    http: { port: 0 },
    mqtt: { port: 0, websocket: { port: 0 } },
    discovery: { enabled: false },
    printers: printers.map(({ index, ...rest }) => {
      const printer = emulator.printers[index];
      return {
        serial: printer?.serial,
        host: printer?.host,
        name: `P${index}`,
        accessCode: printer?.accessCode,
        mqttPort: printer?.mqttPort,
        ftpPort: printer?.ftpPort,
        caFile: join(folder, 'emulator-ca.pem'),
        ...rest,
      };
    }),
    ...more,
  });
  return completeConfig(settings, folder, new Map());
}

async function printers() {
  const response = await fetch(`${daemon.url}/v1/printers?sort=name`, { headers });
  return printersSchema.parse(await response.json()).sort((a, b) => a.name.localeCompare(b.name));
}

const online = (expected: readonly [string, boolean][]) =>
  vi.waitFor(
    async () => {
      const seen = (await printers()).map(({ name, isOnline }) => [name, isOnline === true]);
      expect(seen).toEqual(expected);
    },
    { timeout: 15_000, interval: 50 },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pfd-live-'));
  emulator = new Emulator({
    ca: await emulatorCa(),
    printers: HOSTS.map((host) => ({ model: 'A1M', host, mqttPort: 0, ftpPort: 0 })),
    reportIntervalMs: 100,
  });
  await emulator.start();
  await writeFile(join(folder, 'emulator-ca.pem'), emulator.caPem);
  const dataDir = join(folder, 'data');
  const { storeId, apiKey } = await initialise(dataDir);
  await createTlsMaterial(dataDir, machineNames(), new Date());
  headers = { authorization: `ApiKey ${apiKey}`, 'x-printago-storeid': storeId };
  daemon = await startDaemon({
    config: config([{ index: 0 }]),
    configFile: join(folder, 'printfarmd.yaml'),
    version: 'test',
    log: createLogger({ level: 'silent', pretty: false }),
  });
});

afterAll(async () => {
  await daemon.stop();
  await emulator.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('settings that change while the daemon runs', () => {
  it('gives a session to a printer that is new in the file, with its own trust', async () => {
    await online([['P0', true]]);
    await daemon.reconfigure(config([{ index: 0 }, { index: 1 }]));
    await online([
      ['P0', true],
      ['P1', true],
    ]);
  });

  it('points a printer anew, and leaves the other in peace', async () => {
    const nobody = 9;
    await daemon.reconfigure(config([{ index: 0 }, { index: 1, mqttPort: nobody }]));
    await online([
      ['P0', true],
      ['P1', false],
    ]);
    await daemon.reconfigure(config([{ index: 0 }, { index: 1 }]));
    await online([
      ['P0', true],
      ['P1', true],
    ]);
  });

  it('disables a printer that is gone from the file, and takes it back', async () => {
    await daemon.reconfigure(config([{ index: 1 }]));
    await online([
      ['P0', false],
      ['P1', true],
    ]);
    expect((await printers()).map((printer) => printer.enabled)).toEqual([false, true]);
    await daemon.reconfigure(config([{ index: 0 }, { index: 1 }]));
    await online([
      ['P0', true],
      ['P1', true],
    ]);
    expect((await printers()).map((printer) => printer.enabled)).toEqual([true, true]);
  });

  it('changes nothing when a certificate cannot be read', async () => {
    const wrong = config([{ index: 0 }]);
    const [printer] = wrong.printers;
    const caFile = join(folder, 'nowhere.pem');
    await expect(
      daemon.reconfigure({ ...wrong, printers: printer ? [{ ...printer, caFile }] : [] }),
    ).rejects.toThrow('nowhere.pem');
    expect((await printers()).map((one) => one.enabled)).toEqual([true, true]);
  });

  it('sends notices to what is allowed now, and no longer to what was', async () => {
    const both = [{ index: 0 }, { index: 1 }];
    const shop = await receiver('127.61.0.9');
    onTestFinished(() => shop.stop());
    const ask = async (path: string, body?: object) => {
      const response = await fetch(`${daemon.url}/v1/settings/notifications${path}`, {
        method: 'POST',
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return z.looseObject({ id: z.string().optional() }).parse(await response.json());
    };
    const channel = { channel: 'webhook', data: { webhookUrl: shop.url } };
    expect(await ask('', channel)).toMatchObject({ statusCode: 400 });
    const allowing = { webhooks: { allowPrivateTargets: ['127.61.0.9'], allowHttp: true } };
    await daemon.reconfigure(config(both, allowing));
    const { id } = await ask('', channel);
    expect(await ask(`/${id}/test`)).toMatchObject({ delivered: true });

    const garbage = join(folder, 'garbage.pem');
    await writeFile(garbage, 'no certificate');
    await expect(daemon.reconfigure(config([], { webhooks: { caFiles: [garbage] } }))).rejects.toThrow(
      `${garbage} of webhooks.caFiles holds no certificate`,
    );
    expect(await ask(`/${id}/test`)).toMatchObject({ delivered: true });
    expect((await printers()).map((one) => one.enabled)).toEqual([true, true]);

    await daemon.reconfigure(config(both));
    expect(await ask(`/${id}/test`)).toMatchObject({
      delivered: false,
      error: expect.stringContaining('the address is refused'),
    });
    expect(shop.calls).toHaveLength(2);
  });

  it('counts requests by the new limit', async () => {
    const both = [{ index: 0 }, { index: 1 }];
    await daemon.reconfigure(config(both, { rateLimit: { perMinute: 2, perHour: 0 } }));
    const statuses: number[] = [];
    for (let call = 0; call < 3; call += 1) {
      statuses.push((await fetch(`${daemon.url}/v1/printers`, { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    await daemon.reconfigure(config(both, { rateLimit: { perMinute: 0, perHour: 0 } }));
    expect((await fetch(`${daemon.url}/v1/printers`, { headers })).status).toBe(200);
  });

  it('proves its progress', async () => {
    await expect(daemon.progress()).resolves.toBeUndefined();
  });
});
