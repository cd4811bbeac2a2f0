import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cli } from '../cli/harness.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { freshHost } from '../fixtures/fresh-host.js';
import { type Receiver, receiver } from './receiver.js';

const PATH = '/v1/settings/notifications';
const CANARIES = {
  apiKey: `CANARY-api-key-${'x'.repeat(32)}`,
  path: 'CANARY-path-of-hook',
  botToken: '123456:CANARY_bot_token_abcdefgh',
  userKey: 'CANARYuserKey',
  appToken: 'CANARYappToken',
};

let farm: TestFarm;
let to: Receiver;
let folder: string;
/** Everything that was answered. */
const said: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pfd-'));
  to = await receiver(freshHost(), 200);
  farm = await testFarm({
    adopt: false,
    config: { webhooks: { allowPrivateTargets: ['127.0.0.0/8'], allowHttp: true } },
  });
  await writeFile(join(folder, 'farm.yaml'), `dataDir: ${farm.dataDir}\n`);
});
afterAll(async () => {
  await farm.stop();
  await to.stop();
  await rm(folder, { recursive: true, force: true });
});

async function call(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await farm.api(method, path, body, headers);
  said.push(answer.text);
  return answer;
}

async function program(...argv: readonly string[]) {
  const result = await cli(['notifications', ...argv, '--config', join(folder, 'farm.yaml')]);
  said.push(result.out, result.err);
  return result;
}

const hook = () => `${to.url}/${CANARIES.path}`;

describe('notification channels', () => {
  it('are set up, chosen for, switched off and tried, and never show where they lead', async () => {
    const data = { webhookUrl: hook(), apiKey: CANARIES.apiKey };
    const made = await call('POST', PATH, { channel: 'webhook', data });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      channel: 'webhook',
      enabled: true,
      onJobFailed: true,
      onJobStarted: false,
    });
    expect(made.body).not.toHaveProperty('data');
    expect(made.body).not.toHaveProperty('apiKey');
    const id = textAt(made.body, 'id');

    expect((await call('GET', PATH)).body).toMatchObject([{ id, channel: 'webhook' }]);
    expect((await call('GET', `${PATH}/${id}`)).body).toEqual(made.body);
    expect((await call('POST', `${PATH}/search`, {})).body).toMatchObject({ data: [{ id }] });

    const chosen = await call('PATCH', `${PATH}/${id}/configure`, { onJobStarted: true, onJobFailed: false });
    expect(chosen.body).toMatchObject({
      id,
      onJobStarted: true,
      onJobFailed: false,
      onPrinterHmsError: true,
    });
    const off = await call('PATCH', `${PATH}/${id}/disable`);
    expect(off.body).toMatchObject({ id, enabled: false, onJobStarted: true });

    const again = await call('POST', PATH, { channel: 'webhook', data: { webhookUrl: hook() } });
    expect(again.body).toMatchObject({ id, enabled: true, onJobStarted: true });
    const key = textAt(again.body, 'apiKey');
    expect(key).toMatch(/^[\w-]{43}$/);

    const tried = await call('POST', `${PATH}/${id}/test`);
    expect(tried.status).toBe(201);
    expect(tried.body).toMatchObject({ channel: 'webhook', delivered: true, httpStatus: 200, error: null });
    const [received] = to.calls;
    expect(received?.headers).toMatchObject({
      'x-api-key': key,
      'content-type': 'application/json',
      'x-event': 'test',
    });
    expect(JSON.parse(received?.body ?? '')).toMatchObject({
      event: 'test',
      data: { printer: null, printJob: null },
    });

    to.answer = 403;
    const refused = await call('POST', `${PATH}/${id}/test`);
    expect(refused.body).toMatchObject({ delivered: false, httpStatus: 403, error: 'answered 403' });
    to.answer = 200;
  });

  it('refuse what cannot be right, without repeating it', async () => {
    const refused = async (body: unknown, expected: string) => {
      const answer = await call('POST', PATH, body);
      expect(answer.body, JSON.stringify(body)).toMatchObject({ statusCode: 400, code: 'validation_failed' });
      expect(answer.text).toContain(expected);
    };
    const { path } = CANARIES;
    await refused({ channel: 'fax', data: {} }, 'channel');
    await refused({ channel: 'webhook' }, '$input.data');
    await refused({ channel: 'webhook', data: CANARIES.path }, '$input.data');
    await refused({ channel: 'webhook', data: { webhookUrl: path } }, 'no address such as https://');
    await refused(
      { channel: 'webhook', data: { webhookUrl: `ftp://shop.example/${path}` } },
      '$input.data.webhookUrl',
    );
    await refused(
      { channel: 'slack', data: { webhookUrl: `https://10.0.0.1/${path}` } },
      'webhooks.allowPrivateTargets',
    );
    await refused(
      { channel: 'discord', data: { webhookUrl: 'http://169.254.169.254/x' } },
      'nothing is ever sent',
    );
    const own = new URL(farm.url);
    await refused(
      { channel: 'webhook', data: { webhookUrl: `http://${own.host}/${path}` } },
      "the daemon's own",
    );
    await refused({ channel: 'webhook', data: { webhookUrl: hook(), apiKey: 'CANARY short' } }, '32 to 512');
    await refused({ channel: 'telegram', data: { botToken: CANARIES.path, chatId: 5 } }, 'botToken');
    await refused({ channel: 'telegram', data: { botToken: CANARIES.botToken, chatId: 'no' } }, 'chatId');
    await refused({ channel: 'pushover', data: { appToken: 'x', userKey: 'y', priority: 3 } }, 'priority');
    for (const [method, path] of [
      ['PATCH', 'configure'],
      ['PATCH', 'disable'],
      ['POST', 'test'],
    ] as const)
      expect(
        (await call(method, `${PATH}/${'a'.repeat(24)}/${path}`, method === 'PATCH' ? {} : undefined)).status,
      ).toBe(404);
  });

  it('are for keys that may change settings, and read by those that may see them', async () => {
    const withKey = async (...permissions: readonly string[]) => {
      const made = await farm.ok('POST', '/v1/api-keys', { name: 'x', permissions });
      return { authorization: `ApiKey ${textAt(made, 'key')}` };
    };
    const none = await withKey();
    const viewer = await withKey('settings.view');
    const id = textAt((await call('GET', PATH)).body, 0, 'id');
    for (const path of [PATH, `${PATH}/${id}`, '/local/notifications', '/local/notifications/deliveries']) {
      expect((await call('GET', path, undefined, none)).status).toBe(403);
      expect((await call('GET', path, undefined, viewer)).status).toBe(200);
    }
    expect((await call('POST', PATH, { channel: 'slack', data: {} }, viewer)).status).toBe(403);
    expect((await call('PATCH', `${PATH}/${id}/configure`, {}, viewer)).status).toBe(403);
    expect((await call('PATCH', `${PATH}/${id}/disable`, undefined, viewer)).status).toBe(403);
    expect((await call('POST', `${PATH}/${id}/test`, undefined, viewer)).status).toBe(403);
  });

  it('tell what was told and what came of it, page by page', async () => {
    const log = (query: string) => call('GET', `/local/notifications/deliveries${query}`);
    const all = (await log('')).body;
    expect(all).toMatchObject([
      {
        event: 'test',
        channel: 'webhook',
        status: 'failed',
        httpStatus: 403,
        attempts: 1,
        error: 'answered 403',
      },
      { event: 'test', channel: 'webhook', status: 'delivered', httpStatus: 200, error: null },
    ]);
    const [first, second] = listAt(all);
    expect((await log('?limit=1')).body).toEqual([first]);
    expect((await log(`?before=${textAt(first, 'id')}`)).body).toEqual([second]);
    expect((await log('?status=delivered')).body).toEqual([second]);
    expect((await log('?channel=slack')).body).toEqual([]);
    expect((await log('?limit=0')).body).toMatchObject({ code: 'validation_failed' });
    expect((await call('GET', '/local/notifications')).body).toMatchObject([
      {
        channel: 'webhook',
        enabled: true,
        waiting: 0,
        disabledReason: null,
        lastDeliveredAt: valueAt(second, 'settledAt'),
        lastFailedAt: valueAt(first, 'settledAt'),
      },
    ]);
  });

  it('are seen and tried from the command line', async () => {
    const list = await program('list');
    expect(list.exitCode).toBe(0);
    expect(list.out).toMatch(/webhook +on +0 +\d{4}-/);
    const test = await program('test', 'webhook');
    expect(test.out).toMatch(/^webhook took the test: 200 after \d+ ms/);
    expect(test.exitCode).toBe(0);
    to.answer = 500;
    const failed = await program('test', 'webhook');
    to.answer = 200;
    expect(failed.exitCode).toBe(1);
    expect(failed.out).toMatch(/did not take the test: answered 500/);
    const log = await program('log', '--json', '--limit', '2');
    expect(JSON.parse(log.out)).toMatchObject([{ status: 'failed' }, { status: 'delivered', event: 'test' }]);
    expect((await program('log')).out.split('\n').length).toBeGreaterThan(4);
    expect((await program('test', 'slack')).exitCode).toBe(4);
    expect((await program('test')).exitCode).toBe(2);
    expect((await program('log', 'fax')).err).toContain('there is no channel fax');
  });

  it('are counted for Prometheus', async () => {
    const { text } = await farm.api('GET', '/metrics');
    const figure = (name: string) =>
      Number(new RegExp(`^printfarmd_${name}{channel="webhook"} (\\d+)$`, 'm').exec(text)?.[1]);
    expect(figure('notices_waiting')).toBe(0);
    expect(figure('notice_attempts_total')).toBe(to.calls.length);
    expect(figure('notice_attempts_failed_total')).toBe(2);
  });

  it('tell what really happens', async () => {
    // What fires when is proven elsewhere; here is seen that a daemon sends it.
    const before = to.calls.length;
    const id = textAt((await call('GET', PATH)).body, 0, 'id');
    await call('PATCH', `${PATH}/${id}/configure`, { onOrderCreatedManual: true });
    await farm.ok('POST', '/v1/orders', { order: { orderNumber: 'A-1' } });
    await to.arrived(before + 1);
    const told = JSON.parse(to.calls.at(-1)?.body ?? '');
    expect(told).toMatchObject({
      event: 'onOrderCreatedManual',
      data: { printer: null, order: { orderNumber: 'A-1' } },
    });
  });

  it('keep their secrets: not in an answer, the log, MQTT, the audit log, or the database', async () => {
    const subscriber = await mqtt.connectAsync(farm.mqttUrl, {
      username: farm.storeId,
      password: farm.key,
      clientId: `apiclient_${farm.key.slice(0, 24)}_secrets`,
      ca: await readFile(farm.caFile, 'utf8'),
      reconnectPeriod: 0,
    });
    const published: string[] = [];
    subscriber.on('message', (_topic, payload) => published.push(payload.toString()));
    await subscriber.subscribeAsync(`stores/${farm.storeId}/entities/+`);
    for (const body of [
      { channel: 'telegram', data: { botToken: CANARIES.botToken, chatId: 12 } },
      { channel: 'pushover', data: { userKey: CANARIES.userKey, appToken: CANARIES.appToken } },
      { channel: 'slack', data: { webhookUrl: `${to.url}/${CANARIES.path}` } },
      { channel: 'webhook', data: { webhookUrl: `${to.url}/${CANARIES.path}`, apiKey: CANARIES.apiKey } },
    ])
      expect((await call('POST', PATH, body)).status).toBe(201);
    to.answer = (_call, response) => response.socket?.destroy();
    const ids = listAt((await call('GET', PATH)).body).map(
      (row) => [textAt(row, 'channel'), textAt(row, 'id')] as const,
    );
    // The others have addresses of the internet.
    for (const [channel, id] of ids)
      if (channel === 'slack' || channel === 'webhook') await call('POST', `${PATH}/${id}/test`);
    await call('GET', '/local/notifications');
    await call('GET', '/local/notifications/deliveries');
    const audit = await call('GET', '/v1/audit-logs?limit=1000');
    expect(audit.text).toContain('NotificationSettings');
    await call('GET', '/v1/hints');
    // One row for each channel that is new, and for the webhook none that anyone could see.
    await vi.waitFor(() => expect(published.length).toBeGreaterThanOrEqual(3));
    await subscriber.endAsync(true);
    expect(published.join()).toContain('notificationSettings');
    const database = new BetterSqlite(join(farm.dataDir, 'printfarmd.db'), { readonly: true });
    const rows = ['notificationSetting', 'notice', 'auditLog'].flatMap((table) =>
      database
        .prepare(`select * from "${table}"`)
        .all()
        .map((row) => JSON.stringify(row)),
    );
    database.close();
    const all = [...said, ...published, ...farm.logLines, ...rows].join('\n');
    for (const canary of [...Object.values(CANARIES), 'CANARY short']) expect(all).not.toContain(canary);
    const raw = await readFile(join(farm.dataDir, 'printfarmd.db'));
    for (const canary of Object.values(CANARIES)) expect(raw.includes(canary)).toBe(false);
  });

  it('are there again after a restart; without the key file they are off and say why', async () => {
    to.answer = 200;
    await farm.restart();
    const id = listAt((await call('GET', PATH)).body).find((row) => valueAt(row, 'channel') === 'webhook');
    expect((await call('POST', `${PATH}/${textAt(id, 'id')}/test`)).body).toMatchObject({ delivered: true });
    await farm.restart({}, () => rm(join(farm.dataDir, 'secrets', 'channel-key')));
    const report = await farm.until('/local/notifications', (body) =>
      listAt(body).every((row) => valueAt(row, 'enabled') === false),
    );
    expect(textAt(report, 0, 'disabledReason')).toContain('channel-key');
    const test = await call('POST', `${PATH}/${textAt(id, 'id')}/test`);
    expect(test.body).toMatchObject({ statusCode: 409, code: 'not_configured' });
  });
});
