import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RealtimeBroker } from '../../src/realtime/broker.js';
import {
  BrokerBench,
  closed,
  KEY,
  KEY_ID,
  nextMessage,
  OTHER_KEY,
  OTHER_KEY_ID,
  OTHER_STORE,
  received,
  SESSION,
  STORE,
} from './broker-bench.js';
import { LogBook } from './logs.js';

const STATS = `stores/${STORE}/printer-stats`;
const ENTITIES = `stores/${STORE}/entities`;
const LIVE = { retain: false, qos: 0 } as const;

let bench: BrokerBench;

beforeEach(async () => {
  bench = await BrokerBench.start();
});

afterEach(() => bench.stop());

/** Granted QoS of each filter, 128 for refused. */
async function grants(client: MqttClient, filters: string[], qos: 0 | 1 = 1): Promise<number[]> {
  return new Promise((resolve, reject) => {
    client.subscribe(filters, { qos }, (_error, _granted, packet) => {
      if (packet === undefined) reject(new Error('no SUBACK'));
      else resolve(packet.granted.map(Number));
    });
  });
}

function connectBytes(changes: object = {}): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: 'raw',
    clean: true,
    keepalive: 60,
    username: STORE,
    password: Buffer.from(KEY),
    ...changes,
  });
}

const ACCEPTED = Buffer.from([0x20, 0x02, 0x00, 0x00]);

describe('logging in', () => {
  it('takes store and key, over TLS', async () => {
    const client = await bench.connect();
    expect(client.connected).toBe(true);
    expect(bench.broker.clients).toBe(1);
    expect(bench.attempts).toEqual([
      { storeId: STORE, key: KEY, clientId: `apiclient_${KEY_ID}_0`, address: '127.0.0.1' },
    ]);
  });

  it.each([
    ['a wrong key', { password: `${KEY_ID}wrong` }, 4],
    ['another store', { username: OTHER_STORE }, 4],
    ['an id that names another key', { clientId: `apiclient_${OTHER_KEY_ID}_1` }, 2],
    ['an id that names another store', { clientId: `apiclient_${OTHER_STORE}_1` }, 2],
  ])('refuses %s', async (_, options, code) => {
    await expect(bench.connect(options)).rejects.toMatchObject({ code });
    expect(bench.broker.clients).toBe(0);
  });

  it('takes the store id in place of the key id, and any other id', async () => {
    await bench.connect({ clientId: `apiclient_${STORE}_AABBCC` });
    await bench.connect({ clientId: 'web_user_1', password: SESSION });
    await bench.connect({ clientId: '', clean: true });
    expect(bench.broker.clients).toBe(3);
  });

  it('never writes a key into the log, wherever a client puts it', async () => {
    await expect(bench.connect({ clientId: `apiclient_${OTHER_KEY}_1` })).rejects.toThrow();
    await expect(bench.connect({ username: OTHER_KEY, password: STORE })).rejects.toThrow();
    await expect(bench.connect({ password: OTHER_KEY, username: OTHER_STORE })).rejects.toThrow();
    expect(bench.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
    expect(bench.log.lines.join('\n')).not.toContain(OTHER_KEY.slice(24));
  });

  it('says that it is unavailable when the login cannot be checked', async () => {
    bench.decide = async () => {
      throw new Error('database is closed');
    };
    await expect(bench.connect()).rejects.toMatchObject({ code: 3 });
    expect(bench.log.lines).toContainEqual(expect.stringContaining('database is closed'));
  });

  it('holds an address back after ten failures in a minute, whatever it tries then', async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(bench.connect({ password: 'wrong' })).rejects.toMatchObject({ code: 4 });
    }
    await expect(bench.connect()).rejects.toMatchObject({ code: 3 });
    expect(bench.attempts).toHaveLength(10);
    const elsewhere = await bench.rawSocket('127.0.0.2');
    elsewhere.write(connectBytes());
    expect(await received(elsewhere, 4)).toEqual(ACCEPTED);
    bench.now = 60_001;
    await bench.connect();
  });

  it('reads certificate and key from files too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'broker-'));
    const [certPem, keyPem] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(certPem, bench.certificate.certPem);
    await writeFile(keyPem, bench.certificate.keyPem);
    const other = await BrokerBench.start({ tls: { host: '127.0.0.1', port: 0, certPem, keyPem } });
    await other.connect();
    await other.stop();
    await rm(folder, { recursive: true });
  });
});

describe('protocol versions', () => {
  it('refuses MQTT 5 in a way that its clients understand', async () => {
    await expect(bench.connect({ protocolVersion: 5 })).rejects.toMatchObject({
      code: 0x84,
      message: 'Connection refused: Unsupported Protocol Version',
    });
    expect(bench.attempts).toEqual([]);
  });

  it('refuses MQTT 3.1', async () => {
    await expect(bench.connect({ protocolId: 'MQIsdp', protocolVersion: 3 })).rejects.toMatchObject({
      code: 1,
    });
  });

  it('answers any other level with the code of MQTT 3.1.1 and closes', async () => {
    const socket = await bench.rawSocket();
    const packet = connectBytes();
    packet[8] = 99;
    socket.write(packet);
    expect(await received(socket)).toEqual(Buffer.from([0x20, 0x02, 0x00, 0x01]));
  });

  it('closes on what is not MQTT', async () => {
    const socket = await bench.rawSocket();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await received(socket)).toHaveLength(0);
  });

  it('understands a CONNECT that comes byte by byte', async () => {
    const socket = await bench.rawSocket();
    socket.setNoDelay(true);
    const answer = received(socket, 4);
    for (const byte of connectBytes()) {
      await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()));
    }
    expect(await answer).toEqual(ACCEPTED);
  });

  it('understands a CONNECT with a SUBSCRIBE right behind it', async () => {
    const socket = await bench.rawTlsSocket();
    bench.broker.publish(`${STATS}/a`, 'hello', { retain: true, qos: 0 });
    const subscribe = mqttPacket.generate({
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [{ topic: `${STATS}/a`, qos: 0 }],
    });
    socket.write(Buffer.concat([connectBytes(), subscribe]));
    const data = await received(socket, 60);
    expect(data.subarray(0, 9)).toEqual(
      Buffer.concat([ACCEPTED, Buffer.from([0x90, 0x03, 0x00, 0x07, 0x00])]),
    );
    expect(data.toString()).toContain('hello');
  });
});

describe('subscribing', () => {
  it('grants what is within store and permissions, and 0x80 for the rest', async () => {
    const client = await bench.connect();
    const filters = [
      `${STATS}/#`,
      `${STATS}/+`,
      `${STATS}/abc`,
      `${ENTITIES}/#`,
      `${ENTITIES}/printers`,
      `${ENTITIES}/printers/#`,
      `${ENTITIES}/printJobs`,
      `${ENTITIES}/nonsense`,
      `stores/${OTHER_STORE}/printer-stats/#`,
      `stores/+/printer-stats/#`,
      `stores/${STORE}/#`,
      '#',
      '$SYS/#',
      `$share/g/${STATS}/#`,
    ];
    expect(await grants(client, filters)).toEqual([1, 1, 1, 1, 1, 1, 128, 128, 128, 128, 128, 128, 128, 128]);
    expect(client.connected).toBe(true);
  });

  it('opens a branch beside the stores to whoever may see states', async () => {
    const open = await BrokerBench.start({ publicPrefixes: ['homeassistant', 'farm/ha'] });
    open.broker.publish('homeassistant/device/p1/config', '{}', { retain: true, qos: 0 });
    const client = await open.connect();
    const message = nextMessage(client);
    const filters = [
      'homeassistant/#',
      'farm/ha/+/config',
      'farm/#',
      'homeassistants/#',
      '+/device/p1/config',
    ];
    expect(await grants(client, filters)).toEqual([1, 1, 128, 128, 128]);
    expect(await message).toMatchObject({ topic: 'homeassistant/device/p1/config', retain: true });
    open.permissions.delete('printer.stats');
    const other = await open.connect();
    expect(await grants(other, ['homeassistant/#'])).toEqual([128]);
    await open.stop();
  });

  it('refuses a filter that is longer than any topic', async () => {
    const client = await bench.connect();
    expect(await grants(client, [`${STATS}/${'x'.repeat(2_000)}`, `${STATS}/x`])).toEqual([128, 1]);
  });

  it('wants printer.stats for stats', async () => {
    bench.permissions.delete('printer.stats');
    const client = await bench.connect();
    expect(await grants(client, [`${STATS}/#`])).toEqual([128]);
  });

  it('bounds the number of subscriptions, and gives places back', async () => {
    const client = await bench.connect();
    const many = Array.from({ length: 2_048 }, (_, at) => `${STATS}/p${at}`);
    expect(new Set(await grants(client, many))).toEqual(new Set([1]));
    expect(await grants(client, [`${STATS}/more`])).toEqual([128]);
    await client.unsubscribeAsync(`${STATS}/p0`);
    expect(await grants(client, [`${STATS}/more`])).toEqual([1]);
  });
});

/** The payloads of the next so many messages. */
function payloads(client: MqttClient, count: number): Promise<string[]> {
  const got: string[] = [];
  return new Promise((resolve) => {
    client.on('message', (_topic, payload) => {
      got.push(payload.toString());
      if (got.length === count) resolve(got);
    });
  });
}

describe('delivery', () => {
  it('puts states into words only for somebody who follows them', async () => {
    const said: string[] = [];
    const state = (text: string) => () => {
      said.push(text);
      return text;
    };
    bench.broker.publishState(`${STATS}/a`, state('a1'));
    bench.broker.publishState(`${STATS}/a`, state('a2'));
    bench.broker.publishState(`${STATS}/b`, state('b1'));
    bench.broker.publishState(`${STATS}/gone`, state('gone'));
    bench.broker.publish(`${STATS}/gone`, '', { retain: true, qos: 0 });
    const elsewhere = await bench.connect();
    await grants(elsewhere, [`${ENTITIES}/printers`]);
    expect(said).toEqual([]);

    const client = await bench.connect();
    const kept = payloads(client, 2);
    await grants(client, [`${STATS}/+`], 0);
    expect((await kept).sort()).toEqual(['a2', 'b1']);
    expect(said.sort()).toEqual(['a2', 'b1']);

    const live = nextMessage(client);
    bench.broker.publishState(`${STATS}/a`, state('a3'));
    expect(await live).toMatchObject({ payload: 'a3', retain: false });

    await client.unsubscribeAsync(`${STATS}/+`);
    bench.broker.publishState(`${STATS}/a`, state('a4'));
    expect(said).not.toContain('a4');
    const again = nextMessage(client);
    await grants(client, [`${STATS}/a`], 0);
    expect(await again).toMatchObject({ payload: 'a4', retain: true });
  });

  it('goes on with the other states when one cannot be put into words', async () => {
    bench.broker.publishState(`${STATS}/a`, () => {
      throw new Error('no words');
    });
    bench.broker.publishState(`${STATS}/b`, () => 'b');
    const client = await bench.connect();
    const first = nextMessage(client);
    expect(await grants(client, [`${STATS}/+`], 0)).toEqual([0]);
    expect(await first).toMatchObject({ topic: `${STATS}/b`, payload: 'b' });
    expect(bench.log.lines.some((line) => line.includes('could not publish a state'))).toBe(true);
  });

  it('gives the retained state right after subscribing, and changes after it', async () => {
    bench.broker.publish(`${STATS}/a`, '{"v":1}', { retain: true, qos: 0 });
    const client = await bench.connect();
    const first = nextMessage(client);
    await client.subscribeAsync(`${STATS}/a`);
    expect(await first).toEqual({ topic: `${STATS}/a`, payload: '{"v":1}', retain: true, qos: 0 });
    const second = nextMessage(client);
    bench.broker.publish(`${STATS}/a`, '{"v":2}', { retain: true, qos: 0 });
    expect(await second).toMatchObject({ payload: '{"v":2}', retain: false });
  });

  it('forgets a state that is cleared with an empty message', async () => {
    bench.broker.publish(`${STATS}/a`, '{"v":1}', { retain: true, qos: 0 });
    bench.broker.publish(`${STATS}/a`, '', { retain: true, qos: 0 });
    bench.broker.publish(`${STATS}/b`, '{"v":2}', { retain: true, qos: 0 });
    const client = await bench.connect();
    const message = nextMessage(client);
    await client.subscribeAsync(`${STATS}/#`);
    expect(await message).toMatchObject({ topic: `${STATS}/b` });
  });

  it('gives a message once to filters that overlap', async () => {
    const client = await bench.connect();
    const messages: string[] = [];
    await client.subscribeAsync([`${ENTITIES}/#`, `${ENTITIES}/+`, `${ENTITIES}/printers`], { qos: 1 });
    const done = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        messages.push(payload.toString());
        if (messages.at(-1) === 'last') resolve();
      });
    });
    for (const payload of ['first', 'last']) {
      bench.broker.publish(`${ENTITIES}/printers`, payload, { retain: false, qos: 1 });
    }
    await done;
    expect(messages).toEqual(['first', 'last']);
  });

  it('loses nothing when messages of every kind are published at once', async () => {
    const client = await bench.connect();
    await client.subscribeAsync([`${STATS}/#`, `${ENTITIES}/#`], { qos: 1 });
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        seen.push(payload.toString());
        if (seen.length === 300) resolve();
      });
    });
    for (let at = 0; at < 100; at++) {
      bench.broker.publish(`${STATS}/a`, `retained ${at}`, { retain: true, qos: 0 });
      bench.broker.publish(`${ENTITIES}/printers`, `entity ${at}`, { retain: false, qos: 1 });
      bench.broker.publish(`${STATS}/b`, `live ${at}`, LIVE);
    }
    await done;
    for (const kind of ['retained', 'entity', 'live']) {
      const expected = Array.from({ length: 100 }, (_, at) => `${kind} ${at}`);
      expect(seen.filter((one) => one.startsWith(kind))).toEqual(expected);
    }
  });

  it('delivers of all entities only the types the caller may see', async () => {
    const client = await bench.connect();
    await client.subscribeAsync(`${ENTITIES}/#`, { qos: 1 });
    const message = nextMessage(client);
    bench.broker.publish(`${ENTITIES}/printJobs`, '{"no":1}', { retain: false, qos: 1 });
    bench.broker.publish(`${ENTITIES}/printers`, '{"yes":1}', { retain: false, qos: 1 });
    expect(await message).toMatchObject({ topic: `${ENTITIES}/printers`, qos: 1 });
  });

  it('delivers nothing of another store', async () => {
    const client = await bench.connect();
    await client.subscribeAsync(`${STATS}/#`);
    const message = nextMessage(client);
    bench.broker.publish(`stores/${OTHER_STORE}/printer-stats/a`, '1', LIVE);
    bench.broker.publish(`${STATS}/a`, '2', LIVE);
    expect(await message).toMatchObject({ topic: `${STATS}/a` });
  });

  it('keeps the order of messages for each client', async () => {
    const client = await bench.connect();
    await client.subscribeAsync(`${ENTITIES}/printers`, { qos: 1 });
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        seen.push(Number(payload));
        if (seen.length === 300) resolve();
      });
    });
    for (let at = 0; at < 300; at++)
      bench.broker.publish(`${ENTITIES}/printers`, String(at), { retain: false, qos: 1 });
    await done;
    expect(seen).toEqual(Array.from({ length: 300 }, (_, at) => at));
  });

  it('keeps nothing for a client that is away, even if it asked for it', async () => {
    const options = { clientId: 'keeper', clean: false };
    const client = await bench.connect(options);
    await client.subscribeAsync(`${ENTITIES}/printers`, { qos: 1 });
    await client.endAsync();
    bench.broker.publish(`${ENTITIES}/printers`, '{}', { retain: false, qos: 1 });
    const again = await bench.connect({ ...options, resubscribe: false });
    const message = nextMessage(again);
    await again.subscribeAsync(`${STATS}/#`);
    bench.broker.publish(`${STATS}/a`, 'first', LIVE);
    expect(await message).toMatchObject({ payload: 'first' });
  });

  it('does nothing while it is not running', async () => {
    const idle = new RealtimeBroker({
      tls: null,
      plain: null,
      maxConnections: 1,
      authenticate: async () => null,
      viewPermission: () => null,
      log: bench.log,
    });
    idle.publish(`${STATS}/a`, '1', LIVE);
    idle.closeAllOn(KEY_ID);
    await idle.stop();
    expect(idle.ports).toEqual({ tls: null, plain: null, webSocket: null });
  });
});

describe('what clients may not do', () => {
  it('discards what a client publishes, at every QoS, and keeps the connection', async () => {
    const reader = await bench.connect();
    const writer = await bench.connect();
    const seen: string[] = [];
    reader.on('message', (topic) => seen.push(topic));
    await reader.subscribeAsync([`${STATS}/#`, `${ENTITIES}/#`]);
    for (const qos of [0, 1, 2] as const) {
      await writer.publishAsync(`${STATS}/fake`, 'x', { qos, retain: true });
      await writer.publishAsync(`${ENTITIES}/printers`, 'x', { qos });
      await writer.publishAsync('$SYS/anything/a/b/c/d/e/f/g/h', 'x', { qos });
    }
    const message = nextMessage(reader);
    bench.broker.publish(`${STATS}/real`, 'x', LIVE);
    await message;
    expect(seen).toEqual([`${STATS}/real`]);
    expect(writer.connected).toBe(true);
    const late = await bench.connect();
    const first = nextMessage(late);
    await late.subscribeAsync(`${STATS}/#`);
    bench.broker.publish(`${STATS}/real`, 'y', LIVE);
    expect(await first).toMatchObject({ payload: 'y' });
    expect(bench.log.lines.filter((line) => line.includes('publishes'))).toHaveLength(1);
  });

  it('does not publish wills', async () => {
    const reader = await bench.connect();
    await reader.subscribeAsync(`${STATS}/#`);
    const dying = await bench.rawSocket();
    dying.write(
      connectBytes({ will: { topic: `${STATS}/fake`, payload: Buffer.from('dead'), qos: 0, retain: true } }),
    );
    await received(dying, 4);
    const message = nextMessage(reader);
    dying.destroy();
    const gone = await bench.connect();
    await gone.endAsync();
    bench.broker.publish(`${STATS}/real`, 'x', LIVE);
    expect(await message).toMatchObject({ topic: `${STATS}/real` });
  });

  it('closes the older of two sessions with the same id and credentials', async () => {
    const older = await bench.connect({ clientId: 'same' });
    const ended = closed(older);
    const newer = await bench.connect({ clientId: 'same' });
    await ended;
    const message = nextMessage(newer);
    await newer.subscribeAsync(`${STATS}/#`);
    bench.broker.publish(`${STATS}/a`, 'x', LIVE);
    await message;
    expect(bench.broker.clients).toBe(1);
  });

  it.each([
    ['another key', OTHER_KEY],
    ['a session without key', SESSION],
  ])('does not let %s take the id of a client', async (_, password) => {
    const holder = await bench.connect({ clientId: 'same' });
    await expect(bench.connect({ clientId: 'same', password })).rejects.toMatchObject({ code: 2 });
    expect(holder.connected).toBe(true);
    await holder.endAsync();
    // Another login follows the departure through the same event loop.
    await bench.connect({ clientId: 'later' });
    const next = await bench.connect({ clientId: 'same', password });
    expect(next.connected).toBe(true);
  });

  it('refuses the later of two that come at once with different credentials', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const known = bench.decide;
    bench.decide = async (credentials) => {
      await gate;
      return known(credentials);
    };
    const both = Promise.allSettled([
      bench.connect({ clientId: 'same' }),
      bench.connect({ clientId: 'same', password: OTHER_KEY }),
    ]);
    release();
    const outcomes = await both;
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(bench.broker.clients).toBe(1);
  });
});

describe('what a login rests on', () => {
  it.each(['session', 'user'])('ends a person’s session when the %s changes', async (id) => {
    const person = await bench.connect({ password: SESSION, clientId: 'web_user_1' });
    const key = await bench.connect();
    const ended = closed(person);
    bench.broker.closeAllOn(id);
    await ended;
    expect(key.connected).toBe(true);
  });

  it('has an end of its own, at which the connection ends', async () => {
    bench.expiresAtMs = bench.now + 20;
    const client = await bench.connect();
    const ended = closed(client);
    bench.now += 20;
    await ended;
    expect(bench.broker.clients).toBe(0);
  });

  it('may end far beyond what a timer can wait for', async () => {
    bench.expiresAtMs = bench.now + 40 * 86_400_000;
    const client = await bench.connect();
    await client.subscribeAsync(`${STATS}/#`);
    expect(client.connected).toBe(true);
  });
});

describe('revoking a key', () => {
  it('ends its sessions and no others', async () => {
    const mine = await bench.connect();
    const other = await bench.connect({ password: OTHER_KEY, clientId: 'other' });
    const ended = closed(mine);
    bench.broker.closeAllOn(KEY_ID);
    await ended;
    expect(other.connected).toBe(true);
  });

  it('fails a login that was under way', async () => {
    const known = bench.decide;
    bench.decide = async (credentials) => {
      const caller = await known(credentials);
      bench.broker.closeAllOn(KEY_ID);
      return caller;
    };
    await expect(bench.connect()).rejects.toMatchObject({ code: 4 });
  });
});

describe('limits', () => {
  it('drops a packet that is larger than allowed before it has come', async () => {
    const socket = await bench.rawSocket();
    socket.write(connectBytes());
    await received(socket, 4);
    // PUBLISH of 200 MiB, of which only the header is sent.
    socket.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x64, 0x00]));
    await received(socket);
    expect(bench.log.lines).toContainEqual(expect.stringContaining('larger than 131072 bytes'));
  });

  it('drops a CONNECT that is larger than allowed', async () => {
    const socket = await bench.rawSocket();
    socket.write(connectBytes({ clientId: 'x'.repeat(20_000) }));
    expect(await received(socket)).toHaveLength(0);
    expect(bench.attempts).toEqual([]);
  });

  it('takes no more connections than it may have', async () => {
    const small = await BrokerBench.start({ maxConnections: 2 });
    await small.connect();
    await small.connect();
    const late = await small.rawSocket();
    expect(await received(late)).toHaveLength(0);
    expect(small.broker.clients).toBe(2);
    expect(small.log.lines).toContainEqual(expect.stringContaining('too many'));
    await small.stop();
  });

  it('ends a connection that says nothing, half a packet, or waits too long for its login', async () => {
    const hasty = await BrokerBench.start({ connectTimeoutMs: 100 });
    hasty.decide = () => new Promise(() => {});
    const [silent, half, waiting] = [
      await hasty.rawSocket(),
      await hasty.rawSocket(),
      await hasty.rawSocket(),
    ];
    half.write(connectBytes().subarray(0, 20));
    waiting.write(connectBytes());
    const answers = await Promise.all([silent, half, waiting].map((socket) => received(socket)));
    expect(answers.map((answer) => answer.length)).toEqual([0, 0, 0]);
    await hasty.stop();
  });

  it('drops a subscriber that does not read, and nobody else waits for it', async () => {
    const stuck = await bench.rawSocket();
    const subscribe = mqttPacket.generate({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: `${STATS}/#`, qos: 0 }],
    });
    stuck.write(Buffer.concat([connectBytes({ clientId: 'stuck' }), subscribe]));
    await received(stuck, 9);
    stuck.pause();
    const reader = await bench.connect();
    await reader.subscribeAsync(`${STATS}/#`);
    let count = 0;
    reader.on('message', () => count++);
    const payload = 'x'.repeat(64 * 1024);
    for (let round = 0; round < 400 && bench.broker.clients === 2; round++) {
      const message = nextMessage(reader);
      bench.broker.publish(`${STATS}/a`, payload, LIVE);
      await message;
    }
    expect(bench.broker.clients).toBe(1);
    expect(count).toBeGreaterThan(0);
    expect(bench.log.lines).toContainEqual(expect.stringContaining('does not read'));
  });

  it('ends a client that breaks its own keep-alive', async () => {
    const socket = await bench.rawSocket();
    socket.write(connectBytes({ keepalive: 1 }));
    const data = await received(socket);
    expect(data).toEqual(ACCEPTED);
  });
});

describe('starting and stopping', () => {
  it('ends every connection, also unfinished ones, and can start again', async () => {
    const client = await bench.connect();
    const idle = await bench.rawSocket();
    const ended = Promise.all([closed(client), once(idle, 'close')]);
    await bench.broker.stop();
    await ended;
    expect(bench.broker.clients).toBe(0);
    await bench.broker.start();
    await bench.connect();
  });

  it.each([
    ['it stops', () => bench.broker.stop()],
    ['a key is revoked', () => bench.broker.closeAllOn(KEY_ID)],
  ])('says goodbye in TLS when %s: without it some clients never come again', async (_, act) => {
    // In front of the broker, since only the ciphered bytes show it.
    let fromBroker = 0;
    const front = createServer((client) => {
      const broker = connect({ host: '127.0.0.1', port: bench.broker.ports.tls ?? 0 });
      for (const socket of [client, broker]) socket.on('error', () => {});
      client.pipe(broker).pipe(client);
      broker.on('data', (chunk: Buffer) => {
        fromBroker += chunk.length;
      });
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const address = front.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const client = await bench.connectTo(`mqtts://127.0.0.1:${address.port}`, { clientId: 'told' });
    await client.subscribeAsync(`${STATS}/#`);
    const before = fromBroker;
    const ended = closed(client);
    await act();
    await ended;
    expect(fromBroker).toBeGreaterThan(before);
    front.close();
  });

  it('says so when its port is taken, and leaves nothing open', async () => {
    const port = bench.broker.ports.plain ?? 0;
    const second = new RealtimeBroker({
      tls: { host: '127.0.0.1', port: 0, ...bench.certificate },
      plain: { host: '127.0.0.1', port },
      maxConnections: 1,
      authenticate: async () => null,
      viewPermission: () => null,
      log: bench.log,
    });
    await expect(second.start()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(`Port ${port} of MQTT is taken by another program`),
    });
    expect(second.ports).toEqual({ tls: null, plain: null, webSocket: null });
  });

  it('does without WebSocket while its port is taken, says so, and opens it as soon as it is free', async () => {
    const port = bench.broker.ports.plain ?? 0;
    const log = new LogBook();
    const second = await BrokerBench.start({
      webSocket: { host: '127.0.0.1', port, ...bench.certificate },
      tryAgainMs: 10,
      log,
    });
    await second.connect();
    expect(second.broker.ports.webSocket).toBeNull();
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(`without MQTT over WebSocket.*Port ${port}.*mqtt\\.websocket\\.port`),
    ]);
    await bench.broker.stop();
    await vi.waitFor(() => expect(second.broker.ports.webSocket).toBe(port), 10_000);
    await second.connectOverWebSocket();
    expect(log.lines).toContainEqual(expect.stringContaining('MQTT over WebSocket listens now'));
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    await second.stop();
  });

  it('gives up the tries with the broker', async () => {
    const port = bench.broker.ports.plain ?? 0;
    const webSocket = { host: '127.0.0.1', port, ...bench.certificate };
    const second = await BrokerBench.start({ webSocket, tryAgainMs: 0 });
    await second.stop();
    await bench.broker.stop();
    expect(second.broker.ports.webSocket).toBeNull();
  });
});
