import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';

/** The published MQTT sample (Python, paho): MQTT 3.1.1 through a WebSocket at /mqtt, every entity topic of the store. */

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm({ printers: [] });
});
afterAll(() => farm.stop());

it('follows what changes, with the id of the store in its client id', async () => {
  expect(new URL(farm.wssUrl).pathname).toBe('/mqtt');
  const client = await mqtt.connectAsync(farm.wssUrl, {
    protocolVersion: 4,
    clean: true,
    clientId: `apiclient_${farm.storeId}_4f2a`,
    username: farm.storeId,
    password: farm.key,
    ca: readFileSync(farm.caFile),
    reconnectPeriod: 0,
  });
  try {
    const heard = vi.fn();
    client.on('message', (topic, payload) => heard(topic, JSON.parse(payload.toString())));
    const topic = `stores/${farm.storeId}/entities`;
    await client.subscribeAsync(`${topic}/#`, { qos: 1 });
    const about = { storeId: farm.storeId, entityType: 'materials' };
    const given = { name: 'Basic', brand: 'Bambu Lab', type: 'PLA' };

    const made = await farm.ok('POST', '/v1/materials', given);
    const id = textAt(made, 'id');
    const first = await farm.ok('GET', `/v1/materials/${id}`);
    const told = (message: object) =>
      vi.waitFor(() => expect(heard).toHaveBeenCalledWith(`${topic}/materials`, { ...about, ...message }));
    await told({ action: 'INSERT', entities: { [id]: first } });

    await farm.ok('PATCH', `/v1/materials/${id}`, { starred: true });
    const second = await farm.ok('GET', `/v1/materials/${id}`);
    const changes = { [id]: { starred: { old: false, new: true } } };
    await told({ action: 'UPDATE', entities: { [id]: second }, changes });

    await farm.ok('DELETE', `/v1/materials/${id}`);
    await told({ action: 'DELETE', entities: { [id]: null } });
  } finally {
    await client.endAsync();
  }
});
