import { readFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { FarBroker } from './far-broker.js';

const PASSWORD = 'the password of the far broker';

let far: FarBroker;
let farm: TestFarm;
let own: MqttClient;
let seen: Map<string, string>;

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
  own = await mqtt.connectAsync(farm.mqttUrl, {
    ca: await readFile(farm.caFile),
    username: farm.storeId,
    password: farm.key,
    reconnectPeriod: 0,
  });
  own.on('message', (topic, payload) => void seen.set(topic, payload.toString()));
  await own.subscribeAsync(['homeassistant/+/+/+/config', `stores/${farm.storeId}/printer-stats/+`]);
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

  it('announces a printer anew that got another name', async () => {
    await farm.ok('PATCH', `/v1/printers/${farm.printerId()}/rename`, { name: 'Größe "7"' });
    await vi.waitFor(() => {
      for (const text of [far.retained.get(discovery()), seen.get(discovery())]) {
        expect(at(text, 'dev', 'name')).toBe('Größe "7"');
      }
    });
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
  });
});
