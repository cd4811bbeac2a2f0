import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createTlsMaterial, machineNames } from '../../src/cli/tls-material.js';
import { initialise } from '../../src/installation.js';
import { message } from '../domain/entity-follower.js';
import { freshHost } from '../fixtures/fresh-host.js';
import { type Call, type Receiver, receiver } from '../webhooks/receiver.js';
import { DaemonLife } from './daemon-life.js';

let folder: string;
let account: Awaited<ReturnType<typeof initialise>>;
let ca: Buffer;
let life: DaemonLife | null = null;
const clients: MqttClient[] = [];
let shop: Receiver;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-untold-'));
  account = await initialise(folder);
  const { caFile } = await createTlsMaterial(folder, machineNames(), new Date());
  ca = readFileSync(caFile);
  shop = await receiver(freshHost());
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await life?.kill('SIGKILL');
  await shop.stop();
  await rm(folder, { recursive: true, force: true });
});

function boot(): Promise<DaemonLife> {
  return DaemonLife.begin({
    dataDir: folder,
    emulatorCa: join(folder, 'tls', 'ca.pem'),
    crashAt: null,
    timing: {},
    settings: { webhooks: { allowPrivateTargets: ['127.0.0.0/8'], allowHttp: true } },
  });
}

/** What a client hears of materials from now on: what was done, and the name of what it was done to. */
async function follow({ mqttUrl }: DaemonLife): Promise<string[]> {
  const client = await mqtt.connectAsync(mqttUrl, {
    protocolVersion: 4,
    username: account.storeId,
    password: account.apiKey,
    ca,
    reconnectPeriod: 0,
  });
  clients.push(client);
  const heard: string[] = [];
  client.on('message', (_topic, payload) => {
    const { action, entities } = message.parse(JSON.parse(payload.toString()));
    for (const entity of Object.values(entities)) heard.push(`${action} ${String(entity?.name ?? 'it')}`);
  });
  await client.subscribeAsync(`stores/${account.storeId}/entities/materials`, { qos: 1 });
  return heard;
}

async function call<T>(answer: z.ZodType<T>, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${life?.url}${path}`, {
    method,
    headers: {
      authorization: `ApiKey ${account.apiKey}`,
      'x-printago-storeid': account.storeId,
      'content-type': 'application/json',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return answer.parse(await response.json());
}

const named = z.object({ id: z.string() });
const add = (name: string) => call(named, 'POST', '/v1/materials', { name, brand: 'maker', type: 'PLA' });
const rename = (id: string, name: string) => call(named, 'PATCH', `/v1/materials/${id}`, { name });

it('tells after kill -9 what was committed and not told, once, before what is new', async () => {
  life = await boot();
  const before = await follow(life);
  const { id } = await add('one');
  await vi.waitFor(() => expect(before).toEqual(['INSERT one']));
  await life.endAt({ point: 'after:commit', nth: 1, afterMs: 0 });
  await expect(rename(id, 'two')).rejects.toThrow();
  await life.ended;
  // Who was there heard nothing of it.
  expect(before).toEqual(['INSERT one']);

  life = await boot();
  const after = await follow(life);
  expect(await call(named.extend({ name: z.string() }), 'GET', `/v1/materials/${id}`)).toEqual(
    expect.objectContaining({ name: 'two' }),
  );
  await rename(id, 'three');
  await vi.waitFor(() => expect(after).toEqual(['UPDATE two', 'UPDATE three']), { timeout: 15_000 });

  await rename(id, 'four');
  await vi.waitFor(() => expect(after).toHaveLength(3));

  // Nothing has been written since the last was told: it is told again, and nothing before it.
  await life.kill('SIGKILL');
  life = await boot();
  const again = await follow(life);
  await vi.waitFor(() => expect(again).toEqual(['UPDATE four']), { timeout: 15_000 });

  // Whoever stops the daemon gives it the time to write down what it has told.
  await life.kill('SIGTERM');
  life = await boot();
  const last = await follow(life);
  await add('five');
  await vi.waitFor(() => expect(last).toEqual(['INSERT five']));
}, 60_000);

it('sends after kill -9 what was committed and not sent, and what was sent and not answered once more', async () => {
  await life?.kill('SIGKILL');
  life = await boot();
  const { id } = await call(named, 'POST', '/v1/settings/notifications', {
    channel: 'webhook',
    data: { webhookUrl: shop.url },
  });
  await call(named, 'PATCH', `/v1/settings/notifications/${id}/configure`, { onOrderCreatedManual: true });
  const order = (orderNumber: string) => call(z.unknown(), 'POST', '/v1/orders', { order: { orderNumber } });
  const numbers = () => shop.calls.map(numberOf);
  const settled = () =>
    vi.waitFor(async () => {
      const log = await call(
        z.array(z.object({ status: z.string() })),
        'GET',
        '/local/notifications/deliveries',
      );
      expect(log.every(({ status }) => status === 'delivered')).toBe(true);
    });
  await order('one');
  await vi.waitFor(() => expect(numbers()).toEqual(['one']));
  await settled();

  await life.endAt({ point: 'after:commit', nth: 1, afterMs: 0 });
  await expect(order('two')).rejects.toThrow();
  await life.ended;
  expect(numbers()).toEqual(['one']);

  life = await boot();
  // Should the daemon have written something of its own at that moment, the order was never made, and is not told.
  const orders = z.array(z.object({ orderNumber: z.string() }));
  const made = (await call(orders, 'GET', '/v1/orders?sort=createdAt')).map((one) => one.orderNumber);
  await vi.waitFor(() => expect(numbers()).toEqual(made), { timeout: 15_000 });
  await settled();

  // This one is received, and the daemon dies before it knows.
  shop.answer = () => undefined;
  await order('three');
  await vi.waitFor(() => expect(numbers()).toEqual([...made, 'three']));
  await life.kill('SIGKILL');
  shop.answer = 200;
  life = await boot();
  await vi.waitFor(() => expect(numbers()).toEqual([...made, 'three', 'three']), { timeout: 15_000 });
  const [first, second] = shop.calls.slice(-2).map(({ headers }) => headers['x-event-id']);
  expect(second).toBe(first);
}, 60_000);

function numberOf({ body }: Call): string {
  const told = z.object({ data: z.object({ order: z.object({ orderNumber: z.string() }) }) });
  return told.parse(JSON.parse(body)).data.order.orderNumber;
}
