import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Emulator } from '../../drivers/emulator/index.js';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { DaemonLife } from '../faults/daemon-life.js';
import { Mosquitto, PASSWORD, type Subscriber, USER } from './mosquitto.js';

const stat = z.object({ isOnline: z.boolean(), state: z.string().nullable() });
const event = z.object({
  entityType: z.literal('printers'),
  action: z.string(),
  changes: z.record(z.string(), z.record(z.string(), z.object({ new: z.unknown() }))).optional(),
});

let mosquitto: Mosquitto;
let emulator: Emulator;
let folder: string;
let storeId: string;
let apiKey: string;
let printerId: string;
let life: DaemonLife | null;
let open: Subscriber[];

const status = () => `stores/${storeId}/status`;
const stats = () => `stores/${storeId}/printer-stats/${printerId}`;
const printers = () => `stores/${storeId}/entities/printers`;

async function boot(bridge: object = {}): Promise<DaemonLife> {
  const login = { url: mosquitto.url, caFile: mosquitto.caFile, username: USER, password: PASSWORD };
  life = await DaemonLife.begin({
    dataDir: join(folder, 'data'),
    emulatorCa: join(folder, 'ca.pem'),
    crashAt: null,
    timing: {},
    settings: { realtime: { bridge: { ...login, ...bridge }, homeAssistant: { enabled: true } } },
  });
  return life;
}

async function call(method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch((life?.url ?? '') + path, {
    method,
    headers: {
      authorization: `ApiKey ${apiKey}`,
      'x-printago-storeid': storeId,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

const rename = (name: string) => call('PATCH', `/v1/printers/${printerId}/rename`, { name });

/** Names that the printer got, in the order in which mosquitto_sub saw them. */
const namesOf = (subscriber: Subscriber) =>
  subscriber.on(printers()).flatMap((text) => {
    const { changes = {} } = event.parse(JSON.parse(text));
    const { name } = changes[printerId] ?? {};
    return name === undefined ? [] : [String(name.new)];
  });

async function follow(): Promise<Subscriber> {
  const subscriber = await mosquitto.subscribe(`stores/${storeId}/#`, 'homeassistant/#');
  open.push(subscriber);
  return subscriber;
}

const isOnline = (text: string | undefined) => text !== undefined && stat.parse(JSON.parse(text)).isOnline;

beforeAll(async () => {
  mosquitto = await Mosquitto.make();
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-bridge-'));
  emulator = new Emulator({ printers: [{ model: 'X1C', host: '127.88.0.7', mqttPort: 0, ftpPort: 0 }] });
  await emulator.start();
  await writeFile(join(folder, 'ca.pem'), emulator.caPem);
  ({ storeId, apiKey } = await initialise(join(folder, 'data')));
  await createTlsMaterial(join(folder, 'data'), machineNames(), new Date());
  await mosquitto.start();
  await boot();
  const [printer] = emulator.printers;
  if (printer === undefined) throw new Error('there is no printer');
  const { serial, host, mqttPort, ftpPort, cameraPort, accessCode } = printer;
  const made = await call('POST', '/v1/printers', {
    ...{ provider: 'Bambu', name: 'First', serial, host, mqttPort, ftpPort, cameraPort, accessCode },
  });
  printerId = z.object({ id: z.string() }).parse(made).id;
  await life?.kill('SIGTERM');
  await mosquitto.kill();
});

beforeEach(async () => {
  open = [];
  await mosquitto.start();
});

afterEach(async () => {
  await life?.kill('SIGTERM');
  life = null;
  for (const subscriber of open) await subscriber.stop();
  await mosquitto.kill();
});

afterAll(async () => {
  await emulator.stop();
  await mosquitto.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a farm that publishes on Debian's mosquitto", () => {
  it('over TLS: states, changes, whether it is there, and Home Assistant', async () => {
    const subscriber = await follow();
    const daemon = await boot();
    await subscriber.until(() => isOnline(subscriber.on(stats()).at(-1)));
    expect(subscriber.on(status())).toEqual(['online']);
    await rename('Second');
    await subscriber.until(() => namesOf(subscriber).includes('Second'));
    const config = `homeassistant/device/${storeId}/${printerId}/config`;
    await subscriber.until(() => subscriber.on(config).at(-1)?.includes('"name":"Second"') === true);
    await daemon.kill('SIGTERM');
    await subscriber.until(() => subscriber.on(status()).length === 2);
    expect(subscriber.on(status())).toEqual(['online', 'offline']);
    expect(daemon.exitCode).toBe(0);
    expect(daemon.lines.join('\n')).not.toContain(PASSWORD);
  });

  it('comes back to a broker that was killed, with the newest states and every change in order', async () => {
    await boot();
    const before = await follow();
    await before.until(() => isOnline(before.on(stats()).at(-1)));
    await mosquitto.kill();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await rename(name);
    await mosquitto.start();
    const after = await follow();
    await after.until(() => namesOf(after).length >= names.length && isOnline(after.on(stats()).at(-1)));
    expect(namesOf(after)).toEqual(names);
    expect(after.on(status())).toEqual(['online']);
  });

  it('is said to be offline when it is killed, and tells after its start what it could not tell', async () => {
    const daemon = await boot();
    const subscriber = await follow();
    await subscriber.until(() => subscriber.on(status()).at(-1) === 'online');
    await daemon.endAt({ point: 'after:commit', nth: 1, afterMs: 0 });
    // Whatever it writes next is its end, before anybody has heard of it.
    await Promise.race([rename('untold').catch(() => undefined), daemon.ended]);
    await daemon.ended;
    await subscriber.until(() => subscriber.on(status()).at(-1) === 'offline');
    expect(namesOf(subscriber)).toEqual([]);
    await boot();
    await rename('told');
    await subscriber.until(() => namesOf(subscriber).includes('told'));
    expect(namesOf(subscriber)).toEqual(['untold', 'told']);
    expect(subscriber.on(status()).at(-1)).toBe('online');
  });

  it.each([
    ['secure WebSocket', () => ({ url: mosquitto.webSocketUrl })],
    [
      'TLS with a certificate of its own and no password',
      () => ({
        url: mosquitto.certificateUrl,
        certFile: mosquitto.certFile,
        keyFile: mosquitto.keyFile,
        username: null,
        password: undefined,
      }),
    ],
  ])('gets there by %s', async (way, settings) => {
    const subscriber = await follow();
    await boot({ ...settings(), topicPrefix: null });
    await subscriber.until(() => subscriber.on(status()).length === 1);
    await rename(way);
    await subscriber.until(() => namesOf(subscriber).includes(way));
  });

  it.each([
    ['a wrong password', { password: 'CANARY-wrong' }, /refuses user or password/],
    ['a CA that nobody knows', { caFile: null }, /a certificate that is not trusted/],
  ])('says in one line that there is %s', async (_, settings, words) => {
    const daemon = await boot(settings);
    const warnings = () => daemon.lines.filter((line) => line.includes('no external broker'));
    await vi.waitFor(() => expect(warnings()).toHaveLength(1), 10_000);
    expect(warnings()[0]).toMatch(words);
    // The farm goes on.
    await rename('all the same');
    expect(daemon.lines.join('\n')).not.toContain('CANARY');
    expect(warnings()).toHaveLength(1);
  });
});
