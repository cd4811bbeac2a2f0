import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cube } from '../../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';

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

it('keeps the queue as the program of docs/integrators.md does', async () => {
  const manual = readFileSync(new URL('../../../docs/integrators.md', import.meta.url), 'utf8');
  const program = /<!-- keep the queue -->\n```js\n([\s\S]*?)```/.exec(manual)?.[1] ?? '';
  const partId = await aPart();
  const { port } = new URL(farm.wssUrl);
  const env = { API: farm.url, HOST: '127.0.0.1', PORT: port, STORE: farm.storeId, KEY: farm.key };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../../../', import.meta.url),
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: farm.caFile, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const says = (line: string) => vi.waitFor(() => expect(lines).toContain(line), { timeout: 10_000 });
    await says('0 jobs');
    await farm.ok('POST', '/v2/builds', { parts: [{ partId, quantity: 2 }] });
    const [first, second] = listAt(await farm.ok('GET', '/v1/print-jobs')).map((job) => textAt(job, 'id'));
    await says(`INSERT ${first}: pending, 1 jobs`);
    await says(`INSERT ${second}: pending, 2 jobs`);
    await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [first] });
    await says(`UPDATE ${first}: cancelled, 2 jobs`);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});

async function aPart(): Promise<string> {
  const path = await farm.upload('cube.gcode.3mf', await cube());
  return textAt(
    await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] }),
    'id',
  );
}
