import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';
import { type RawAnswer, send } from './raw-request.js';

/** A button with a lamp beside a printer (ESP32): it reads one printer into 2048 bytes and confirms its bed. */

let farm: TestFarm;
let key: string;

beforeAll(async () => {
  farm = await testFarm();
  const permissions = ['printer.view', 'printer.ready', 'printer.control', 'printer.stats'];
  key = textAt(await farm.ok('POST', '/v1/api-keys', { name: 'button', permissions }), 'key');
});
afterAll(() => farm.stop());

function call(method: string, path: string, body?: object): Promise<RawAnswer> {
  const headers = {
    'User-Agent': 'ESP32HTTPClient',
    Connection: 'keep-alive',
    'Accept-Encoding': 'identity;q=1,chunked;q=0.1,*;q=0',
    authorization: `ApiKey ${key}`,
    'x-printago-storeid': farm.storeId,
    ...(body ? { 'Content-Type': 'application/json' } : {}),
  };
  return send({ method, url: farm.url + path, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

const printer = z.object({
  id: z.string(),
  confirmedReady: z.boolean(),
  isAvailable: z.boolean(),
  isOnline: z.boolean(),
  metadata: z.object({ name: z.string() }),
});

it('chooses its printer from the list', async () => {
  const answer = await call('GET', '/v1/printers');
  const found = z.array(z.object({ id: z.string(), name: z.string() })).parse(answer.body);
  expect(found.map(({ id }) => id)).toEqual([farm.printerId()]);
});

it('reads its printer in one small answer with a length, and confirms the bed', async () => {
  const id = farm.printerId();
  const answer = await call('GET', `/v1/printers/${id}`);
  expect(Buffer.byteLength(answer.text)).toBeLessThan(2_048);
  expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(answer.text));
  expect(answer.headers['content-encoding']).toBeUndefined();
  expect(printer.parse(answer.body).isOnline).toBe(true);
  for (const ready of [false, true]) {
    expect((await call('PATCH', '/v1/printers/confirm-ready', { ready, ids: [id] })).status).toBe(200);
    const after = printer.parse((await call('GET', `/v1/printers/${id}`)).body);
    expect(after.confirmedReady).toBe(ready);
  }
});

it('goes on with a print', async () => {
  const body = { ids: [farm.printerId()], command: { command: 'resume' } };
  expect((await call('POST', '/v1/printer-commands/send', body)).status).toBe(201);
});

it('follows its printer over MQTT with a client id of key and hardware address', async () => {
  const topic = `stores/${farm.storeId}/printer-stats/${farm.printerId()}`;
  const entities = `stores/${farm.storeId}/entities/printers`;
  const client = await mqtt.connectAsync(farm.mqttUrl, {
    protocolVersion: 4,
    clientId: `apiclient_${key.slice(0, 24)}_A0B1C2D3E4F5`,
    username: farm.storeId,
    password: key,
    ca: readFileSync(farm.caFile),
    reconnectPeriod: 0,
  });
  try {
    const heard = vi.fn();
    client.on('message', (name, payload) => heard(name, JSON.parse(payload.toString())));
    await client.subscribeAsync([topic, entities], { qos: 0 });
    await vi.waitFor(() => {
      const stat = { isOnline: true, isAvailable: true, state: expect.any(String) };
      const data = expect.objectContaining({
        health: expect.anything(),
        print: expect.anything(),
        temps: expect.anything(),
      });
      expect(heard).toHaveBeenCalledWith(topic, expect.objectContaining({ ...stat, data }));
    });

    // Its lamp goes by what somebody else says of the bed.
    const id = farm.printerId();
    await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [id] });
    await vi.waitFor(() => {
      const said = heard.mock.calls.filter(([name]) => name === entities).map(([, message]) => message);
      expect(said).toContainEqual({
        storeId: farm.storeId,
        entityType: 'printers',
        action: 'UPDATE',
        entities: { [id]: expect.objectContaining({ id, confirmedReady: false }) },
        changes: { [id]: expect.objectContaining({ confirmedReady: { old: true, new: false } }) },
      });
    });
  } finally {
    await client.endAsync();
  }
});
