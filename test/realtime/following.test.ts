import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { machineNames, renewServerCertificate } from '../../src/cli/tls-material.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';
import { closed } from './broker-bench.js';

const ROOT = join(import.meta.dirname, '../..');
const DAY_MS = 86_400_000;

let farm: TestFarm;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  farm = await testFarm();
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

afterAll(() => farm.stop());

/** The program of docs/integrators.md, as an integrator would run it, and the lines that it prints. */
async function follow(port: string): Promise<(pattern: RegExp) => Promise<string>> {
  const manual = await readFile(join(ROOT, 'docs/integrators.md'), 'utf8');
  const program = /<!-- follow with mqtt.js -->\n```js\n([\s\S]*?)```/.exec(manual)?.[1] ?? '';
  const env = {
    PATH: process.env.PATH,
    ...{ HOST: '127.0.0.1', PORT: port, CA: farm.caFile, STORE: farm.storeId, KEY: farm.key },
    PRINTER: farm.printerId(),
  };
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ends.push(() => child.kill());
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) throw new Error('the program has no output');
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  return (pattern) =>
    new Promise((resolve) => {
      const look = () => {
        const line = lines.find((one) => pattern.test(one));
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      look();
    });
}

async function connectAs(key: string, options: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(farm.wssUrl, {
    username: farm.storeId,
    password: key,
    clientId: `apiclient_${key.slice(0, 24)}_${ends.length}`,
    ca: await readFile(farm.caFile),
    reconnectPeriod: 0,
    ...options,
  });
  ends.push(() => client.endAsync(true));
  return client;
}

/** Calls a daemon that has TLS; answers the status. */
async function secureCall(method: string, path: string, body: unknown): Promise<number | undefined> {
  const call = request(`${farm.url}${path}`, {
    method,
    ca: await readFile(farm.caFile),
    headers: {
      authorization: `ApiKey ${farm.key}`,
      'x-printago-storeid': farm.storeId,
      'content-type': 'application/json',
    },
  });
  call.end(JSON.stringify(body));
  const [response] = await once(call, 'response');
  response.resume();
  return response.statusCode;
}

/** The fingerprint of what a port shows. */
async function shownAt(url: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerX509Certificate() ?? { fingerprint256: '' };
  socket.destroy();
  return fingerprint256;
}

const setReady = (ready: boolean) => ({ ready, ids: [farm.printerId()] });

describe('a program that follows the farm', () => {
  it('reads states and what changes, with nothing but host, port and CA its own', async () => {
    const line = await follow(new URL(farm.wssUrl).port);
    await line(/ is IDLE, 0 %$/);
    await farm.ok('PATCH', '/v1/printers/confirm-ready', setReady(false));
    await line(new RegExp(`^UPDATE printers ${farm.printerId()}: ready false$`));
  });

  it('gets the CA without a key', async () => {
    const answer = await farm.api('GET', '/local/ca.pem', undefined, {
      authorization: undefined,
      'x-printago-storeid': undefined,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-pem-file');
    expect(answer.text).toBe(await readFile(farm.caFile, 'utf8'));
  });

  it('sees of all entities what its key may see, and is cut off with it', async () => {
    const { key, id } = await limitedKey(['printer.view']);
    const client = await connectAs(key);
    const filters = [`stores/${farm.storeId}/entities/printJobs`, `stores/${farm.storeId}/printer-stats/+`];
    const granted = await new Promise<unknown>((resolve) => {
      client.subscribe(filters, { qos: 1 }, (_error, _granted, packet) => resolve(packet?.granted));
    });
    expect(granted).toEqual([128, 128]);
    await client.subscribeAsync(`stores/${farm.storeId}/entities/#`, { qos: 1 });
    const topics: string[] = [];
    const changed = new Promise<void>((resolve) => {
      client.on('message', (topic) => {
        topics.push(topic);
        if (topic.endsWith('/printers')) resolve();
      });
    });
    await farm.ok('POST', '/v1/materials', { name: 'Unseen', brand: 'None', type: 'PLA' });
    await farm.ok('PATCH', '/v1/printers/confirm-ready', setReady(true));
    await changed;
    expect(topics).toEqual([`stores/${farm.storeId}/entities/printers`]);

    const ended = closed(client);
    await farm.ok('DELETE', `/v1/api-keys/${id}`);
    await ended;
    await expect(connectAs(key)).rejects.toMatchObject({ code: 4 });
  });

  it('may be at the port of REST where that has TLS; new certificates reach all ports, and no connection ends', async () => {
    const folder = join(farm.dataDir, 'tls');
    const tls = { certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server-key.pem') };
    await farm.restart({ config: { http: { tls } } });
    const line = await follow(new URL(farm.url).port);
    await line(/ is IDLE, 0 %$/);
    expect(await secureCall('PATCH', '/v1/printers/confirm-ready', setReady(false))).toBe(200);
    await line(new RegExp(`^UPDATE printers ${farm.printerId()}: ready false$`));

    const before = await shownAt(farm.mqttUrl);
    const client = await connectAs(farm.key);
    expect(
      await renewServerCertificate(farm.dataDir, machineNames(), new Date(Date.now() + 600 * DAY_MS)),
    ).toBe(true);
    await farm.refreshCertificates();
    const { fingerprint256 } = new X509Certificate(await readFile(tls.certFile));
    expect(fingerprint256).not.toBe(before);
    const urls = [farm.mqttUrl, farm.wssUrl, farm.url];
    expect(await Promise.all(urls.map(shownAt))).toEqual(urls.map(() => fingerprint256));
    expect(client.connected).toBe(true);
    expect(farm.logLines.filter((one) => one.includes('shows a new certificate'))).toHaveLength(2);

    await writeFile(tls.keyFile, await readFile(join(folder, 'ca-key.pem')));
    await farm.refreshCertificates();
    expect(await Promise.all(urls.map(shownAt))).toEqual(urls.map(() => fingerprint256));
    expect(farm.logLines.filter((one) => one.includes('was not taken'))).toHaveLength(2);
  });
});

async function limitedKey(permissions: readonly string[]): Promise<{ key: string; id: string }> {
  const made = await farm.ok('POST', '/v1/api-keys', { name: 'limited', permissions });
  return { key: textAt(made, 'key'), id: textAt(made, 'id') };
}
