import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import mqttPacket from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { Entrance } from '../../src/realtime/entrance.js';
import { Session } from '../../src/realtime/session.js';
import { BrokerBench, KEY, nextMessage, OTHER_KEY, received, STORE } from './broker-bench.js';
import { LogBook, SILENT_LOG } from './logs.js';

const STATS = `stores/${STORE}/printer-stats`;
const ENTITIES = `stores/${STORE}/entities`;
const ACCEPTED = Buffer.from([0x20, 0x02, 0x00, 0x00]);
const MIB = 1024 * 1024;

let bench: BrokerBench;

beforeEach(async () => {
  bench = await BrokerBench.start();
});

afterEach(() => bench.stop());

function connectBytes(clientId: string, keepalive = 60): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive,
    username: STORE,
    password: Buffer.from(KEY),
  });
}

function subscribeBytes(topic: string, qos: 0 | 1): Buffer {
  return mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
}

const TRANSPORTS = {
  TCP: () => bench.rawSocket(),
  TLS: () => bench.rawTlsSocket(),
  WebSocket: async () => {
    const url = `wss://127.0.0.1:${bench.broker.ports.webSocket}/mqtt`;
    const trust = { ca: bench.certificate.caPem, checkServerIdentity: () => false };
    const stream = createWebSocketStream(new WebSocket(url, ['mqtt'], trust));
    stream.on('error', () => {});
    bench.endWith(() => stream.destroy());
    return stream;
  },
} as const satisfies Record<string, () => Promise<Duplex>>;

type Transport = keyof typeof TRANSPORTS;
const transports = ['TCP', 'TLS', 'WebSocket'] as const;

/** A client that has subscribed and reads no more. */
async function stuck(transport: Transport, filter: string, qos: 0 | 1): Promise<void> {
  const stream = await TRANSPORTS[transport]();
  stream.write(Buffer.concat([connectBytes(`stuck-${qos}`), subscribeBytes(filter, qos)]));
  let seen = 0;
  while (seen < 9) {
    const [chunk] = await once(stream, 'data');
    seen += chunk.length;
  }
  stream.pause();
}

/** The line that says why a client was dropped. */
const dropped = () => bench.log.lines.find((line) => line.startsWith('warn dropped a realtime client'));

describe.each(transports)('a subscriber over %s that stops reading', (transport) => {
  it.each([0, 1] as const)(
    'is dropped at QoS %i before much waits for it, and nobody else waits',
    async (qos) => {
      const topic = qos === 0 ? `${STATS}/a` : `${ENTITIES}/printers`;
      await stuck(transport, topic, qos);
      const reader = await bench.connect();
      await reader.subscribeAsync(topic, { qos });
      const payload = 'x'.repeat(64 * 1024);
      let most = 0;
      for (let round = 0; round < 400 && bench.broker.clients === 2; round++) {
        const message = nextMessage(reader);
        bench.broker.publish(topic, payload, { retain: false, qos });
        most = Math.max(most, bench.broker.waitingBytes);
        await message;
      }
      expect(bench.broker.clients).toBe(1);
      expect(dropped()).toContain('does not read');
      // The bound, one message more, and what the reader has before it.
      expect(most).toBeLessThan(4.5 * MIB);
    },
  );
});

describe('a subscriber that never acknowledges', () => {
  it('gets so many messages and is dropped when more than a bound waits', async () => {
    const stream = await bench.rawSocket();
    stream.write(Buffer.concat([connectBytes('silent'), subscribeBytes(`${ENTITIES}/#`, 1)]));
    await received(stream, 9);
    let got = 0;
    const parser = mqttPacket.parser();
    const payload = 'x'.repeat(8 * 1024);
    const publish = (times: number) => {
      for (let at = 0; at < times; at++) {
        bench.broker.publish(`${ENTITIES}/printers`, payload, { retain: false, qos: 1 });
      }
    };
    parser.on('packet', () => {
      got++;
      if (got === 256) publish(600);
    });
    stream.on('data', (chunk: Buffer) => parser.parse(chunk));
    const ended = once(stream, 'close');
    publish(300);
    await ended;
    expect(got).toBe(256);
    expect(dropped()).toContain('does not acknowledge');
  });

  it('goes on when it acknowledges, in order, however many wait', async () => {
    const client = await bench.connect();
    await client.subscribeAsync(`${ENTITIES}/#`, { qos: 1 });
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        seen.push(Number(payload));
        if (seen.length === 3_000) resolve();
      });
    });
    for (let at = 0; at < 3_000; at++) {
      bench.broker.publish(`${ENTITIES}/printers`, String(at), { retain: false, qos: 1 });
    }
    await done;
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, at) => at));
  });
});

describe('a farm of 500 printers', () => {
  const printers = Array.from({ length: 500 }, (_, at) => `${STATS}/p${at}`);
  /** A printer with four AMS units tells this much. */
  const picture = 'x'.repeat(5_000);

  it.each(transports.filter((one) => one !== 'TCP'))(
    'tells a reader over %s all states at once, and all heartbeats',
    async (transport) => {
      for (const topic of printers) bench.broker.publishState(topic, () => picture);
      const client = transport === 'TLS' ? await bench.connect() : await bench.connectOverWebSocket();
      const [retained, live] = [new Set<string>(), new Set<string>()];
      const told = new Promise<void>((resolve) => {
        client.on('message', (topic, _payload, { retain }) => {
          // The heartbeats come in the midst of what is told because of the subscription.
          if (retain && retained.add(topic).size === 250) {
            for (const printer of printers) bench.broker.publishState(printer, () => picture);
          }
          if (!retain) live.add(topic);
          if (retained.size === 500 && live.size === 500) resolve();
        });
      });
      await client.subscribeAsync(`${STATS}/#`);
      await told;
      expect(dropped()).toBeUndefined();
    },
  );
});

describe('a client that sends too much', () => {
  it.each([
    ['PINGREQ', mqttPacket.generate({ cmd: 'pingreq' }), 5_000],
    ['UNSUBSCRIBE', mqttPacket.generate({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['a'] }), 5_000],
    ['SUBSCRIBE with a wildcard', subscribeBytes(`${STATS}/#`, 0), 100],
    [
      'PUBLISH',
      mqttPacket.generate({ cmd: 'publish', topic: 't', payload: 'x', qos: 0, retain: false, dup: false }),
      5_000,
    ],
  ])('as %s is dropped, and says so in the log', async (_, packet, times) => {
    const flood = await bench.rawSocket();
    flood.write(connectBytes('flood'));
    await received(flood, 4);
    const ended = once(flood, 'close');
    flood.resume();
    flood.write(Buffer.concat(Array.from({ length: times }, () => packet)));
    await ended;
    expect(dropped()).toContain('sends too much');
  });

  it('may subscribe to every printer of a farm by a packet each', async () => {
    const client = await bench.connect();
    const filters = Array.from({ length: 600 }, (_, at) => `${STATS}/p${at}`);
    await Promise.all(filters.map((filter) => client.subscribeAsync(filter)));
    expect(client.connected).toBe(true);
  });
});

describe('keep-alive', () => {
  it.each(['TLS', 'WebSocket'] as const)('is enforced over %s', async (transport) => {
    const stream = await TRANSPORTS[transport]();
    const ended = Promise.race([once(stream, 'end'), once(stream, 'close')]);
    const began = performance.now();
    stream.write(connectBytes('quiet', 1));
    const [answer] = await once(stream, 'data');
    expect(answer).toEqual(ACCEPTED);
    stream.resume();
    await ended;
    expect(performance.now() - began).toBeGreaterThan(1_400);
  });
});

describe('the log', () => {
  it('tells the same of an address once a minute, and how often it was not told', async () => {
    const wrong = () => expect(bench.connect({ password: 'wrong' })).rejects.toMatchObject({ code: 4 });
    for (let attempt = 0; attempt < 5; attempt++) await wrong();
    const told = () => bench.log.lines.filter((line) => line.includes('refused a realtime login'));
    expect(told()).toHaveLength(1);
    bench.now = 61_000;
    await wrong();
    expect(told()).toEqual([expect.anything(), expect.stringContaining('"untold":4')]);
  });
});

describe('two clients with one id', () => {
  it('end each other, which the log says once a minute', async () => {
    for (let turn = 0; turn < 5; turn++) await bench.connect({ clientId: 'twins' });
    const told = bench.log.lines.filter((line) => line.includes('came again'));
    expect(told).toEqual([expect.stringContaining('"olderAddress":"127.0.0.1"')]);
  });
});

describe('a subscription to every printer by name', () => {
  it('is looked up, not compared with every state: that would hold up all others', async () => {
    const printers = Array.from({ length: 2_048 }, (_, at) => `${STATS}/p${at}`);
    for (const topic of printers) bench.broker.publishState(topic, () => '{}');
    const client = await bench.connect();
    const told = new Promise<Set<string>>((resolve) => {
      const topics = new Set<string>();
      client.on('message', (topic) => topics.add(topic).size === printers.length && resolve(topics));
    });
    const compared = vi.spyOn(Session.prototype, 'matcher');
    await client.subscribeAsync(printers);
    expect((await told).size).toBe(printers.length);
    expect(compared).not.toHaveBeenCalled();
    compared.mockRestore();
  });
});

describe('a flood of connections', () => {
  it('from one address leaves room for the others', async () => {
    const flood = await Promise.all(Array.from({ length: 60 }, () => bench.rawSocket('127.0.0.9')));
    const ends = flood.slice(50).map((socket) => received(socket));
    expect((await Promise.all(ends)).map((data) => data.length)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(bench.log.lines).toContainEqual(expect.stringContaining('too many from one address'));
    await bench.connect();
    await bench.connectOverWebSocket();
    expect(bench.broker.clients).toBe(2);
  });

  it('that come and go is slowed down by address, before a handshake', () => {
    let now = 0;
    const log = new LogBook();
    const entrance = new Entrance({ maxConnections: 100, log, now: () => now });
    const come = (address: string) => {
      const place = entrance.admit(address, () => {});
      place?.leave();
      return place !== null;
    };
    const first = Array.from({ length: 500 }, () => come('10.0.0.1')).filter(Boolean);
    expect(first).toHaveLength(50);
    expect(come('10.0.0.2')).toBe(true);
    now = 1_000;
    expect(Array.from({ length: 500 }, () => come('::ffff:10.0.0.1')).filter(Boolean)).toHaveLength(10);
    expect(log.lines).toEqual([expect.stringContaining('one address connects too often')]);
  });

  it('from everywhere is slowed down, too, and one IPv6 network is one caller', () => {
    const now = 0;
    const entrance = new Entrance({ maxConnections: 100, log: SILENT_LOG, now: () => now });
    const come = (address: string) => {
      const place = entrance.admit(address, () => {});
      place?.leave();
      return place !== null;
    };
    const network = Array.from({ length: 60 }, (_, at) => come(`2001:db8::${at}`)).filter(Boolean);
    expect(network).toHaveLength(50);
    const others = Array.from({ length: 200 }, (_, at) => come(`10.0.1.${at}`)).filter(Boolean);
    expect(others).toHaveLength(50);
  });

  it('gives places back, each once', () => {
    let now = 0;
    const entrance = new Entrance({ maxConnections: 2, log: SILENT_LOG, now: () => (now += 1_000) });
    const come = (address: string) => {
      const place = entrance.admit(address, () => {});
      place?.keep();
      return place;
    };
    const first = come('10.0.0.1');
    come('10.0.0.2');
    expect(come('10.0.0.3')).toBeNull();
    first?.leave();
    first?.leave();
    expect(come('10.0.0.3')).not.toBeNull();
    expect(come('10.0.0.4')).toBeNull();
  });

  it.each(['plain', 'tls', 'webSocket'] as const)(
    'that is silent, from many addresses on the %s port, keeps nobody out, and nobody in loses his place',
    async (door) => {
      const small = await BrokerBench.start({ maxConnections: 32 });
      const staying = await small.connect();
      const browser = await small.connectOverWebSocket();
      const port = small.broker.ports[door] ?? 0;
      const silent = ['127.0.0.2', '127.0.0.3'].flatMap((localAddress) =>
        Array.from({ length: 15 }, () => connect({ host: '127.0.0.1', port, localAddress })),
      );
      for (const socket of silent) socket.on('error', () => {});
      small.endWith(() => silent.map((socket) => socket.destroy()));
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      small.now += 1_000;
      await small.connect({ clientId: 'newcomer' });
      await small.connectOverWebSocket('/', { clientId: 'newcomer in a browser' });
      expect(small.broker.clients).toBe(4);
      expect([staying.connected, browser.connected]).toEqual([true, true]);
      await small.stop();
    },
  );

  it('with one key leaves places for the others', async () => {
    const small = await BrokerBench.start({ maxConnections: 32 });
    const sockets = await Promise.all(
      Array.from({ length: 17 }, (_, at) => small.rawSocket(at < 9 ? '127.0.0.1' : '127.0.0.2')),
    );
    const answers = [];
    for (const [at, socket] of sockets.entries()) {
      socket.write(connectBytes(`c${at}`));
      answers.push((await received(socket, 4))[3]);
    }
    expect(answers).toEqual([...Array.from({ length: 16 }, () => 0), 3]);
    await small.connect({ password: OTHER_KEY, clientId: 'other' });
    await small.stop();
  });
});
