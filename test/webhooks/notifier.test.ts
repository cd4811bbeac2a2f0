import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { disableChannel } from '../../src/domain/notification-channels.js';
import { pruneNotices } from '../../src/webhooks/retention.js';
import { signature } from '../../src/webhooks/signature.js';
import { freshHost } from '../fixtures/fresh-host.js';
import { orderOf, type PostOffice, postOffice } from './post-office.js';
import { type Answer, type Receiver, receiver } from './receiver.js';

const KEY = 'k'.repeat(40);
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function receiving(answer: Answer = 200): Promise<Receiver> {
  const made = await receiver(freshHost(), answer);
  ends.push(() => made.stop());
  return made;
}

async function office(given: Parameters<typeof postOffice>[0] = {}): Promise<PostOffice> {
  const made = await postOffice(given);
  ends.push(() => made.stop());
  return made;
}

const webhook = (to: Receiver) =>
  ({ channel: 'webhook', data: { webhookUrl: to.url, apiKey: KEY } }) as const;
const slack = (to: Receiver) => ({ channel: 'slack', data: { webhookUrl: to.url } }) as const;

/** Waits until every notice is settled in the table. */
const settled = (of: PostOffice) =>
  vi.waitFor(
    async () => {
      const rows = await of.rows();
      if (rows.some(({ status }) => status === 'waiting')) throw new Error('some still wait');
      return rows;
    },
    { timeout: 15_000, interval: 5 },
  );
const numbers = (count: number) => Array.from({ length: count }, (_one, index) => index + 1);

describe('a webhook', () => {
  it('is called once for each notice, in order, with its key, the id of the event and a signature', async () => {
    const to = await receiving();
    const post = await office();
    await post.enable(webhook(to));
    await post.tell(1, 2, 3);
    await to.arrived(3);
    expect(to.calls.map(orderOf)).toEqual([1, 2, 3]);
    const rows = await settled(post);
    expect(
      rows.map(({ status, attempts, httpStatus, body }) => [status, attempts, httpStatus, body]),
    ).toEqual(numbers(3).map(() => ['delivered', 1, 200, '']));
    const [call] = to.calls;
    if (!call) throw new Error('nothing arrived');
    expect(call.headers).toMatchObject({
      'content-type': 'application/json',
      'x-api-key': KEY,
      'x-event': 'onOrderClosed',
      'x-event-id': rows[0]?.eventId,
      'user-agent': 'printfarmd/test',
    });
    const [, seconds = '', mac] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(call.headers['x-printfarmd-signature'])) ?? [];
    expect(createHmac('sha256', KEY).update(`${seconds}.${call.body}`).digest('hex')).toBe(mac);
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(30);
  });

  it('is called again with the same id and a new signature until it takes a notice', async () => {
    let time = Date.UTC(2026, 5, 1);
    const to = await receiving((_call, response, count) => {
      time += 1_000;
      response.writeHead(count < 3 ? 500 : 201).end();
    });
    const post = await office({ clock: { now: () => time } });
    await post.enable(webhook(to));
    await post.tell(1);
    const [row] = await settled(post);
    expect(row).toMatchObject({ status: 'delivered', attempts: 3, httpStatus: 201, error: null });
    expect(new Set(to.calls.map(({ headers }) => headers['x-event-id'])).size).toBe(1);
    expect(new Set(to.calls.map(({ headers }) => headers['x-printfarmd-signature'])).size).toBe(3);
    expect(new Set(to.calls.map(({ body }) => body)).size).toBe(1);
  });

  it('that refuses a notice three times is not told it any more, and the next one goes on', async () => {
    const to = await receiving((call, response) => response.writeHead(orderOf(call) === 1 ? 404 : 200).end());
    const post = await office();
    await post.enable(webhook(to));
    await post.tell(1, 2);
    const rows = await settled(post);
    expect(rows.map(({ status, attempts, error }) => [status, attempts, error])).toEqual([
      ['failed', 3, 'answered 404'],
      ['delivered', 1, null],
    ]);
    expect(to.calls.map(orderOf)).toEqual([1, 1, 1, 2]);
  });

  it('that redirects is told that this is not followed', async () => {
    const to = await receiving((_call, response) =>
      response.writeHead(302, { location: 'https://other.example/' }).end(),
    );
    const post = await office();
    await post.enable(webhook(to));
    await post.tell(1);
    expect((await settled(post))[0]?.error).toMatch(/answered 302: redirects are not followed/);
  });

  it('that answers 429 is waited for as long as it asks, without counting', async () => {
    const waits: number[] = [];
    const to = await receiving((_call, response, count) =>
      response.writeHead(count < 5 ? 429 : 200, count < 5 ? { 'retry-after': '2' } : {}).end(),
    );
    const post = await office({
      sleep: async (ms) => {
        waits.push(ms);
      },
    });
    await post.enable(webhook(to));
    await post.tell(1);
    expect((await settled(post))[0]).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(waits).toEqual([2_000, 2_000, 2_000, 2_000]);
  });
});

describe('channels', () => {
  it('do not wait for each other: one that fails or is silent holds up nobody else', async () => {
    const silent = await receiving(() => undefined);
    const quick = await receiving();
    const post = await office({ timeoutMs: 60_000 });
    await post.enable(webhook(silent));
    await post.enable(slack(quick));
    await post.tell(...numbers(20));
    await quick.arrived(20);
    expect(silent.calls).toHaveLength(1);
    expect(quick.calls.map(({ body }) => JSON.parse(body).text)).toEqual(
      numbers(20).map((number) => `Order ${number} is closed`),
    );
  });

  it('go off after ten failures within a day, with the reason, an audit entry, an event and a line in the log', async () => {
    const to = await receiving(503);
    const post = await office();
    const changed: string[] = [];
    const row = await post.enable(webhook(to));
    await post.farm.db.write(post.farm.context, (tx) =>
      tx.db.updateTable('store').set({ auditEnabled: 1 }).execute(),
    );
    post.farm.db.feed.on(({ changes }) => {
      for (const { resource, fields } of changes)
        if (resource === 'notificationSetting') changed.push(...fields);
    });
    await post.tell(...numbers(12));
    const off = await vi.waitFor(async () => {
      const setting = await post.setting('webhook');
      if (setting.enabled === 1) throw new Error('still on');
      return setting;
    });
    expect(off.disabledReason).toBe('10 notices failed within 24 h, the last one with: answered 503');
    expect(changed).toEqual(['enabled', 'disabledReason']);
    expect(to.calls).toHaveLength(30);
    const statuses = (await post.rows()).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'failed')).toHaveLength(10);
    expect(statuses.filter((status) => status === 'waiting')).toHaveLength(2);
    const [entry] = await post.farm.db.read
      .selectFrom('auditLog')
      .selectAll()
      .where('detailedAction', '=', 'notificationSetting.disabledByItself')
      .execute();
    expect(entry).toMatchObject({
      entityId: row.id,
      entityType: 'NotificationSettings',
      actorType: 'system',
    });
    expect(post.logLines.some((line) => line.includes('A NOTIFICATION CHANNEL IS OFF'))).toBe(true);
    // While it is off nothing is written for it; what waited is sent once it is on again, and counting begins anew.
    await post.tell(13);
    expect(await post.rows()).toHaveLength(12);
    to.answer = 200;
    await post.enable(webhook(to));
    await to.arrived(32);
    expect(to.calls.slice(30).map(orderOf)).toEqual([11, 12]);
    expect((await post.setting('webhook')).disabledReason).toBeNull();
  });

  it('go off though they were set up by a clock that was ahead', async () => {
    let time = Date.UTC(2036, 5, 1);
    const to = await receiving(500);
    const post = await office({ clock: { now: () => time } });
    await post.enable(webhook(to));
    time = Date.UTC(2026, 5, 1);
    await post.tell(...numbers(10));
    await vi.waitFor(async () => expect((await post.setting('webhook')).enabled).toBe(0), 5_000);
  });

  it('stay on as long as failures are further apart', async () => {
    let time = Date.UTC(2026, 5, 1);
    const to = await receiving(500);
    const post = await office({ clock: { now: () => time } });
    await post.enable(webhook(to));
    for (const number of numbers(12)) {
      await post.tell(number);
      await settled(post);
      time += 3 * 3_600_000;
    }
    expect((await post.setting('webhook')).enabled).toBe(1);
  });

  it('that a person switches off send no more, and go on where they were', async () => {
    const to = await receiving();
    const post = await office();
    const { id } = await post.enable(webhook(to));
    await post.tell(1);
    await settled(post);
    await post.farm.db.write(post.farm.context, (tx) => disableChannel(tx, id));
    await post.tell(2);
    await post.enable(webhook(to));
    await post.tell(3);
    await to.arrived(2);
    expect(to.calls.map(orderOf)).toEqual([1, 3]);
  });

  it('send to a new receiver as soon as they have one, also what fails with the old', async () => {
    const old = await receiving(500);
    const fresh = await receiving();
    const post = await office({ timing: { retryDelaysMs: [60_000, 60_000], jitter: 0 } });
    await post.enable(webhook(old));
    await post.tell(1, 2);
    await old.arrived(1);
    await post.enable(webhook(fresh));
    await fresh.arrived(2);
    expect(fresh.calls.map(orderOf)).toEqual([1, 2]);
    expect(old.calls).toHaveLength(1);
  });

  it('go off with a clear reason when the key of their data is lost, and nothing else breaks', async () => {
    const to = await receiving();
    const post = await office();
    await post.enable(webhook(to));
    await post.restart({ key: randomBytes(32) });
    const off = await vi.waitFor(async () => {
      const setting = await post.setting('webhook');
      if (setting.enabled === 1) throw new Error('still on');
      return setting;
    });
    expect(off.disabledReason).toMatch(/secrets\/channel-key/);
    await post.enable(webhook(to));
    await post.tell(1);
    await to.arrived(1);
  });

  it('go off when too much waits, and say how much was dropped', async () => {
    const to = await receiving(() => undefined);
    const post = await office({ limit: { rows: 5 }, timeoutMs: 60_000 });
    await post.enable(webhook(to));
    await post.tell(...numbers(6));
    const rows = await settled(post);
    expect(rows.map(({ status }) => status)).toEqual(numbers(6).map(() => 'dropped'));
    expect((await post.setting('webhook')).disabledReason).toMatch(/more than 5 notices waited/);
    await vi.waitFor(() =>
      expect(post.logLines.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ dropped: 6, msg: 'notices were dropped' }),
      ),
    );
  });
});

describe('a channel that overflows', () => {
  it('loses nothing that is told once somebody has set it up again', async () => {
    const to = await receiving(() => undefined);
    let at = Date.parse('2026-11-26T08:00:00Z');
    const post = await office({ limit: { rows: 5 }, timeoutMs: 60_000, clock: { now: () => at } });
    await post.enable(webhook(to));
    // Set up again before the first of what waited is dropped.
    let again: Promise<unknown> | null = null;
    post.farm.db.feed.on(({ changes }) => {
      if (again !== null || !changes.some(({ after }) => after?.enabled === false)) return;
      at += 1_000;
      again = Promise.all([post.enable(webhook(to)), post.tell(7)]);
    });
    await post.tell(...numbers(6));
    const told = () => post.logLines.some((line) => line.includes('notices were dropped'));
    await vi.waitFor(() => expect(told()).toBe(true), 5_000);
    await again;
    const statuses = (await post.rows()).map(({ status }) => status);
    expect(statuses).toEqual([...numbers(6).map(() => 'dropped'), 'waiting']);
  });
});

describe('a restart', () => {
  it('loses nothing and repeats nothing that was settled', async () => {
    const to = await receiving((call, response) => {
      if (orderOf(call) < 4) response.writeHead(200).end();
    });
    const post = await office({ timeoutMs: 60_000 });
    await post.enable(webhook(to));
    await post.tell(...numbers(6));
    await to.arrived(4);
    to.answer = 200;
    await post.restart();
    await settled(post);
    expect(to.calls.map(orderOf)).toEqual([1, 2, 3, 4, 4, 5, 6]);
  });

  it('ends waits at once', async () => {
    const to = await receiving(500);
    const post = await office({ timing: { retryDelaysMs: [60_000, 60_000], jitter: 0 } });
    const { id } = await post.enable(webhook(to));
    await post.tell(1);
    await to.arrived(1);
    await vi.waitFor(() => expect(post.notifier.underWay(id)?.attempts).toBe(1), { timeout: 2_000 });
    const began = performance.now();
    await post.restart();
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('old notices', () => {
  it('are forgotten once settled, and dropped with a word where they waited for a month', async () => {
    let time = Date.UTC(2026, 5, 1);
    const day = 86_400_000;
    const to = await receiving();
    const post = await office({ clock: { now: () => time } });
    const prune = (logDays: number) =>
      pruneNotices({
        database: post.farm.db,
        storeId: post.farm.storeId,
        clock: { now: () => time },
        log: pino({ level: 'silent' }),
        logDays,
        signal: new AbortController().signal,
      });
    const { id } = await post.enable(webhook(to));
    await post.tell(1);
    await settled(post);
    time += 5 * day;
    await post.tell(2);
    await settled(post);
    expect(await prune(6)).toBe(0);
    expect(await prune(4)).toBe(1);
    expect((await post.rows()).map(({ status }) => status)).toEqual(['delivered']);

    to.answer = () => undefined;
    await post.tell(3);
    await to.arrived(3);
    time += 31 * day;
    await prune(365);
    const rows = await post.rows();
    expect(rows.map(({ status, error }) => [status, error])).toEqual([
      ['delivered', null],
      ['dropped', 'waited for more than 30 days'],
    ]);
    expect(await post.setting('webhook')).toMatchObject({
      id,
      enabled: 0,
      disabledReason: '1 notices waited for more than 30 days and were dropped',
    });
  });
});

describe('the receiver of docs/integrators.md', () => {
  it('takes what is signed, and nothing else', async () => {
    const manual = await readFile(new URL('../../docs/integrators.md', import.meta.url), 'utf8');
    const source = /<!-- receiver -->\n```js\n(.*?)```/s.exec(manual)?.[1] ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'pfd-receiver-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'receiver.mjs'), source);
    const place = await receiving();
    const { hostname, port } = new URL(place.url);
    await place.stop();
    ends.splice(ends.length - 1, 1);
    const child = spawn(process.execPath, [join(folder, 'receiver.mjs')], {
      env: { KEY, PORT: port, HOST: hostname },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ends.push(async () => void child.kill());
    const lines = createInterface({ input: child.stdout });
    const said: string[] = [];
    lines.on('line', (line) => said.push(line));
    await vi.waitFor(() => expect(said).toEqual(['listening']), { timeout: 10_000 });

    const post = await office();
    await post.enable(webhook(place));
    await post.tell(1);
    expect((await settled(post))[0]).toMatchObject({ status: 'delivered', httpStatus: 204 });
    await vi.waitFor(() => expect(said).toEqual(['listening', 'onOrderClosed - -']));
    const body = '{"event":"onJobFailed","data":{}}';
    for (const signed of [
      undefined,
      signature(`${KEY}x`, body, Date.now()),
      signature(KEY, body, Date.now() - 400_000),
    ]) {
      const headers = signed === undefined ? {} : { 'x-printfarmd-signature': signed };
      expect((await fetch(place.url, { method: 'POST', body, headers })).status).toBe(401);
    }
    const headers = { 'x-printfarmd-signature': signature(KEY, body, Date.now()) };
    expect((await fetch(place.url, { method: 'POST', body, headers })).status).toBe(204);
  });
});
