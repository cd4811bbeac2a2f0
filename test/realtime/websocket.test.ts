import { once } from 'node:events';
import { get } from 'node:https';
import mqttPacket from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { BrokerBench, closed, KEY, KEY_ID, nextMessage, STORE } from './broker-bench.js';

const STATS = `stores/${STORE}/printer-stats`;
const ACCEPTED = Buffer.from([0x20, 0x02, 0x00, 0x00]);

let bench: BrokerBench;

beforeEach(async () => {
  bench = await BrokerBench.start();
});

afterEach(() => bench.stop());

function connectBytes(clientId: string): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: 60,
    username: STORE,
    password: Buffer.from(KEY),
  });
}

function subscribeBytes(topic: string): Buffer {
  return mqttPacket.generate({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos: 0 }] });
}

const trusting = () => ({ ca: bench.certificate.caPem, checkServerIdentity: () => undefined });

/** A bare WebSocket; not yet open. */
function bare(path: string, protocols: string[] = ['mqtt'], headers: Record<string, string> = {}): WebSocket {
  const url = `wss://127.0.0.1:${bench.broker.ports.webSocket}${path}`;
  const socket = new WebSocket(url, protocols, { ...trusting(), headers });
  socket.on('error', () => {});
  bench.endWith(() => socket.terminate());
  return socket;
}

/** The status with which a WebSocket is refused. */
async function refusal(socket: WebSocket): Promise<number | undefined> {
  const [, response] = await once(socket, 'unexpected-response');
  return response.statusCode;
}

async function answer(path: string): Promise<number | undefined> {
  const request = get({ host: '127.0.0.1', port: bench.broker.ports.webSocket, path, ...trusting() });
  const [response] = await once(request, 'response');
  response.resume();
  return response.statusCode;
}

describe('MQTT over WebSocket', () => {
  it.each(['/', '/mqtt', '/mqtt?from=a-browser'])('is spoken at %s', async (path) => {
    bench.broker.publish(`${STATS}/a`, '{"v":1}', { retain: true, qos: 0 });
    const client = await bench.connectOverWebSocket(path);
    const first = nextMessage(client);
    await client.subscribeAsync(`${STATS}/+`);
    expect(await first).toMatchObject({ topic: `${STATS}/a`, payload: '{"v":1}', retain: true });
    expect(bench.attempts[0]?.address).toBe('127.0.0.1');
  });

  it('refuses a wrong key and MQTT 5 as over TCP', async () => {
    await expect(bench.connectOverWebSocket('/', { password: 'wrong' })).rejects.toMatchObject({ code: 4 });
    await expect(bench.connectOverWebSocket('/', { protocolVersion: 5 })).rejects.toMatchObject({
      code: 0x84,
    });
  });

  it.each([
    [['mqtt'], 'mqtt'],
    [['chat', 'mqttv3.1', 'mqtt'], 'mqtt'],
    [['mqttv3.1'], 'mqttv3.1'],
    // Microcontrollers leave it out.
    [[], ''],
  ])('with the protocols %j chooses %j', async (offered, chosen) => {
    const socket = bare('/mqtt', offered);
    await once(socket, 'open');
    expect(socket.protocol).toBe(chosen);
    socket.send(connectBytes('bare'));
    expect((await once(socket, 'message'))[0]).toEqual(ACCEPTED);
  });

  it('is for pages of any origin: the key decides, never a cookie', async () => {
    const socket = bare('/mqtt', ['mqtt'], { origin: 'https://shop.example' });
    await once(socket, 'open');
  });

  it('is nowhere else, and is no other protocol', async () => {
    expect(await refusal(bare('/other'))).toBe(404);
    expect(await refusal(bare('/mqtt/'))).toBe(404);
    expect(await refusal(bare('/mqtt', ['chat']))).toBe(400);
    expect(await answer('/mqtt')).toBe(426);
    expect(await answer('/v1/printers')).toBe(404);
  });

  it('understands packets that are cut and joined by frames', async () => {
    const socket = bare('/');
    await once(socket, 'open');
    const bytes = Buffer.concat([connectBytes('cut'), subscribeBytes(`${STATS}/a`)]);
    const got: Buffer[] = [];
    const granted = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        got.push(data);
        if (Buffer.concat(got).length >= 9) resolve();
      });
    });
    for (let at = 0; at < bytes.length; at += 5) socket.send(bytes.subarray(at, at + 5));
    await granted;
    expect(Buffer.concat(got)).toEqual(Buffer.concat([ACCEPTED, Buffer.from([0x90, 3, 0, 7, 0])]));
  });

  it('answers what comes behind CONNECT after the login', async () => {
    const socket = bare('/');
    await once(socket, 'open');
    const got: Buffer[] = [];
    const answered = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => got.push(data) === 3 && resolve());
    });
    socket.send(connectBytes('hasty'));
    socket.send(subscribeBytes(`${STATS}/a`));
    socket.send(mqttPacket.generate({ cmd: 'pingreq' }));
    await answered;
    expect(got[0]).toEqual(ACCEPTED);
    expect(got).toContainEqual(Buffer.from([0x90, 3, 0, 7, 0]));
    expect(got).toContainEqual(Buffer.from([0xd0, 0]));
  });

  it.each([
    ['text', 1003, (socket: WebSocket) => socket.send('hello')],
    ['a message larger than allowed', 1009, (socket: WebSocket) => socket.send(Buffer.alloc(300_000))],
  ])('ends a connection that sends %s, and says why', async (_, code, send) => {
    const socket = bare('/');
    await once(socket, 'open');
    const ended = once(socket, 'close');
    send(socket);
    expect((await ended)[0]).toBe(code);
    expect(bench.broker.clients).toBe(0);
  });

  it('answers pings', async () => {
    const socket = bare('/');
    await once(socket, 'open');
    const pong = once(socket, 'pong');
    socket.ping('beat');
    expect(String((await pong)[0])).toBe('beat');
  });

  it('answers pings, of many the newest, while much waits to be read', async () => {
    const socket = bare('/');
    await once(socket, 'open');
    const granted = new Promise<void>((resolve) => {
      let bytes = 0;
      socket.on('message', (data: Buffer) => {
        bytes += data.length;
        if (bytes === 9) resolve();
      });
    });
    socket.send(connectBytes('behind'));
    socket.send(subscribeBytes(`${STATS}/#`));
    await granted;
    socket.pause();
    const reader = await bench.connect();
    await reader.subscribeAsync(`${STATS}/#`);
    while (bench.broker.waitingBytes < 1_000_000) {
      const message = nextMessage(reader);
      bench.broker.publish(`${STATS}/a`, 'x'.repeat(64 * 1024), { retain: false, qos: 0 });
      await message;
    }
    const answers: string[] = [];
    const answered = new Promise<void>((resolve) => {
      socket.on('pong', (data) => {
        answers.push(String(data));
        if (String(data) === '99') resolve();
      });
    });
    for (let at = 0; at < 100; at++) socket.ping(String(at));
    socket.send(mqttPacket.generate({ cmd: 'pingreq' }));
    socket.resume();
    await answered;
    expect(answers.length).toBeLessThan(100);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it.each([
    ['pings', (socket: WebSocket) => socket.ping()],
    ['pongs', (socket: WebSocket) => socket.pong()],
    ['empty messages', (socket: WebSocket) => socket.send(Buffer.alloc(0))],
  ])('ends a connection that sends %s without end, and says so in the log', async (_, send) => {
    const socket = bare('/');
    await once(socket, 'open');
    const ended = once(socket, 'close');
    for (let at = 0; at < 25_000; at++) send(socket);
    await ended;
    const line = bench.log.lines.find((one) => one.startsWith('warn dropped a realtime client'));
    expect(line).toContain('sends too many WebSocket frames');
  });

  it('ends a connection that asks for nothing', async () => {
    const hasty = await BrokerBench.start({ connectTimeoutMs: 100 });
    const socket = await hasty.rawTlsSocket(hasty.broker.ports.webSocket);
    await once(socket, 'close');
    await hasty.stop();
  });

  it('ends at once when its key is revoked', async () => {
    const client = await bench.connectOverWebSocket();
    const ended = closed(client);
    bench.broker.closeAllOn(KEY_ID);
    await ended;
    expect(bench.broker.clients).toBe(0);
  });

  it('ends with the broker', async () => {
    const client = await bench.connectOverWebSocket();
    const idle = bare('/');
    await once(idle, 'open');
    const ended = Promise.all([closed(client), once(idle, 'close')]);
    await bench.broker.stop();
    // Going away.
    expect((await ended)[1][0]).toBe(1001);
  });
});
