import { readFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { FarBroker, RudeBroker } from './far-broker.js';

const PASSWORD = 'the password of the far broker';

let far: FarBroker;
let farm: TestFarm;
let own: MqttClient;
let seen: Map<string, string>;

/** A client of the daemon's own broker. */
async function subscribed(...topics: string[]): Promise<MqttClient> {
  const client = await mqtt.connectAsync(farm.mqttUrl, {
    ca: await readFile(farm.caFile),
    username: farm.storeId,
    password: farm.key,
    reconnectPeriod: 0,
  });
  client.on('message', (topic, payload) => void seen.set(topic, payload.toString()));
  await client.subscribeAsync(topics);
  return client;
}

beforeAll(async () => {
  far = new FarBroker();
  far.password = PASSWORD;
  await far.start();
  farm = await testFarm({
    printers: [{ model: 'X1C' }],
    config: {
      realtime: {
        bridge: { url: far.url, username: 'farm', password: PASSWORD, topicPrefix: 'hall' },
        homeAssistant: { enabled: true },
      },
    },
  });
  seen = new Map();
  own = await subscribed('homeassistant/+/+/+/config', `stores/${farm.storeId}/printer-stats/+`);
});

afterAll(async () => {
  await own.endAsync(true);
  await farm.stop();
  await far.stop();
});

const discovery = () => `homeassistant/device/${farm.storeId}/${farm.printerId()}/config`;
const stats = () => `stores/${farm.storeId}/printer-stats/${farm.printerId()}`;
const at = (text: string | undefined, ...path: string[]) => valueAt(JSON.parse(text || '{}'), ...path);

describe('a farm with a broker elsewhere and Home Assistant', () => {
  it('publishes the same at both', async () => {
    await vi.waitFor(() => {
      expect(at(far.retained.get(`hall/${stats()}`), 'isOnline')).toBe(true);
      expect(at(seen.get(stats()), 'isOnline')).toBe(true);
      expect(at(far.retained.get(discovery()), 'dev', 'mdl')).toBe('Bambu Lab X1 Carbon');
    }, 10_000);
    expect(far.retained.get(`hall/stores/${farm.storeId}/status`)).toBe('online');
    expect(at(seen.get(discovery()), 'state_topic')).toBe(stats());
    expect(at(far.retained.get(discovery()), 'state_topic')).toBe(`hall/${stats()}`);
    expect(at(far.retained.get(discovery()), 'cmps', 'chamber', 'unit_of_measurement')).toBe('°C');
    expect(farm.logLines.join('')).not.toContain(PASSWORD);
  });

  it('announces a printer anew that got another name, and tells of the change', async () => {
    await farm.ok('PATCH', `/v1/printers/${farm.printerId()}/rename`, { name: 'Größe "7"' });
    await vi.waitFor(() => {
      for (const text of [far.retained.get(discovery()), seen.get(discovery())]) {
        expect(at(text, 'dev', 'name')).toBe('Größe "7"');
      }
    });
    const told = () => far.on(`hall/stores/${farm.storeId}/entities/printers`).at(-1);
    const change = ['changes', farm.printerId(), 'name', 'new'];
    await vi.waitFor(() => expect(at(told(), ...change)).toBe('Größe "7"'));
    const figures = (await farm.api('GET', '/metrics')).text;
    expect(figures).toContain('\nprintfarmd_mqtt_bridge_connected 1\n');
    expect(figures).toMatch(/\nprintfarmd_entity_changes_waiting\{consumer="\w+"\} \d+\n/);
    expect(figures).toMatch(/\nprintfarmd_mqtt_bridge_waiting_messages \d+\n/);
  });

  it('can do without listeners of its own, and goes on elsewhere', async () => {
    await farm.restart({
      config: {
        mqtt: { enabled: false },
        realtime: { bridge: { url: far.url, username: 'farm', password: PASSWORD, topicPrefix: 'hall' } },
      },
    });
    // Nothing is announced any more: what stood there goes.
    await vi.waitFor(() => expect(far.retained.has(discovery())).toBe(false), 10_000);
    await farm.until('/readyz', (body) => valueAt(body, 'parts', 'mqtt') === true);
    far.messages.length = 0;
    await far.until(() => far.on(`hall/${stats()}`).length > 1);
    await expect(mqtt.connectAsync(farm.mqttUrl, { reconnectPeriod: 0 })).rejects.toThrow();
  });

  it('takes a printer back that is removed while the broker is away', async () => {
    await far.stop();
    await farm.ok('DELETE', `/v1/printers/${farm.printerId()}`);
    await far.start();
    await far.until(() => far.on(`hall/${stats()}`).at(-1) === '');
    expect(far.retained.has(`hall/${stats()}`)).toBe(false);
    const told = () => far.on(`hall/stores/${farm.storeId}/entities/printers`).at(-1);
    await vi.waitFor(() => expect(at(told(), 'action')).toBe('DELETE'));
  });

  it('tells its own clients at once of what a broker elsewhere never acknowledges', async () => {
    const silent = new RudeBroker({ connack: 0, acknowledges: false, reads: true, cuts: false });
    await silent.start();
    await farm.restart({ config: { realtime: { bridge: { url: `mqtt://127.0.0.1:${silent.port}` } } } });
    await silent.until(() => silent.packets.length > 1);
    const client = await subscribed(`stores/${farm.storeId}/entities/#`);
    const types: string[] = [];
    client.on('message', (topic) => void types.push(topic.split('/').at(-1) ?? ''));
    for (const name of ['one', 'two', 'three']) await farm.ok('POST', '/v1/folders', { name, type: 'part' });
    await vi.waitFor(() => expect(types.filter((type) => type === 'folders')).toHaveLength(3));
    await client.endAsync(true);
    await silent.stop();
    await vi.waitFor(async () => {
      const answer = await fetch(`${farm.url}/readyz`);
      const ready: unknown = await answer.json();
      expect(answer.status).toBe(200);
      expect(ready).toMatchObject({
        status: 'ready',
        parts: { bridge: false, mqtt: true },
        reasons: { bridge: 'no connection; it is tried again' },
      });
    });
  });
});
