import type { TLSSocket } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PrinterConnection } from '../../../drivers/bambu/connection.js';
import type { PrinterTarget } from '../../../drivers/driver.js';
import { createEmulatorCa, type Leaf, LeafIssuer } from '../../../drivers/emulator/certificates.js';
import { Peer } from './tls-peer.js';

const SERIAL = '00M09X000000001';
const CODE = 'secret01';

let issuer: LeafIssuer;
let leaf: Leaf;
beforeAll(async () => {
  issuer = new LeafIssuer(await createEmulatorCa());
  leaf = await issuer.issue({ commonName: SERIAL });
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A broker that answers each packet as told and keeps them all. */
class Broker {
  readonly packets: Packet[] = [];
  readonly #peer: Peer;
  #wake: () => void = () => {};

  constructor(answer: (packet: Packet, send: (reply: Packet) => void, socket: TLSSocket) => void) {
    const reading = parser({ protocolVersion: 4 });
    let current: TLSSocket | null = null;
    reading.on('packet', (packet) => {
      this.packets.push(packet);
      this.#wake();
      const socket = current;
      if (socket !== null) answer(packet, (reply) => socket.write(generate(reply)), socket);
    });
    this.#peer = new Peer(leaf, {}, (chunk, socket) => {
      current = socket;
      reading.parse(chunk);
    });
  }

  async listen(): Promise<this> {
    await this.#peer.listen();
    closing.push(() => this.#peer.close());
    return this;
  }

  async saw(command: Packet['cmd']): Promise<Packet> {
    for (;;) {
      const packet = this.packets.find((candidate) => candidate.cmd === command);
      if (packet !== undefined) return packet;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  connect(timeoutMs = 5_000): { connection: PrinterConnection; messages: string[] } {
    const target: PrinterTarget = {
      serial: SERIAL,
      host: this.#peer.host,
      mqttPort: this.#peer.port,
      ftpPort: 990,
      accessCode: CODE,
      trust: 'ca',
      extraCa: [issuer.ca.certificatePem],
      pinnedFingerprint: null,
      modelCode: null,
    };
    const messages: string[] = [];
    const options = { clientId: 'only-once', timeoutMs, keepaliveSeconds: 30 };
    const connection = new PrinterConnection(target, options, (payload) => messages.push(payload.toString()));
    closing.push(() => connection.close());
    return { connection, messages };
  }
}

const never = new AbortController().signal;
const ACCEPTED: Packet = { cmd: 'connack', returnCode: 0, sessionPresent: false };

function welcome(packet: Packet, send: (reply: Packet) => void): void {
  if (packet.cmd === 'connect') send(ACCEPTED);
  if (packet.cmd === 'subscribe') {
    send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0] });
  }
}

describe('a connection', () => {
  it('speaks MQTT 3.1.1 with a clean session and hears the reports of its printer alone', async () => {
    const broker = await new Broker(welcome).listen();
    const { connection } = broker.connect();
    await connection.open(never);
    expect(await broker.saw('connect')).toMatchObject({
      protocolVersion: 4,
      clean: true,
      clientId: 'only-once',
      username: 'bblp',
      password: Buffer.from(CODE),
      keepalive: 30,
    });
    expect(await broker.saw('subscribe')).toMatchObject({
      subscriptions: [{ topic: `device/${SERIAL}/report`, qos: 0 }],
    });
  });

  it('fact-07, fault-21: sends commands at QoS 1 and does not wait for the broker to confirm them', async () => {
    const broker = await new Broker(welcome).listen();
    const { connection } = broker.connect();
    await connection.open(never);
    expect(connection.publish('{"a":1}')).toBe(true);
    expect(connection.publish('{"a":2}')).toBe(true);
    expect(await broker.saw('publish')).toMatchObject({
      topic: `device/${SERIAL}/request`,
      qos: 1,
      retain: false,
    });
  });

  it('sends nothing before it is open and after it is closed, and says so', async () => {
    const broker = await new Broker(welcome).listen();
    const { connection } = broker.connect();
    expect(connection.publish('early')).toBe(false);
    const opening = connection.open(never);
    expect(connection.publish('early')).toBe(false);
    await opening;
    await connection.close();
    expect(connection.publish('late')).toBe(false);
    expect(await broker.saw('disconnect')).toMatchObject({ cmd: 'disconnect' });
    expect(broker.packets.map((packet) => packet.cmd)).not.toContain('publish');
  });

  it('says goodbye although commands were never confirmed', async () => {
    const broker = await new Broker(welcome).listen();
    const { connection } = broker.connect();
    await connection.open(never);
    connection.publish('unconfirmed');
    await connection.close();
    await broker.saw('disconnect');
    const kinds = broker.packets.map((packet) => packet.cmd);
    expect(kinds).toEqual(['connect', 'subscribe', 'publish', 'disconnect']);
  });

  it('tells why it ended', async () => {
    const broker = await new Broker((packet, send, socket) => {
      welcome(packet, send);
      if (packet.cmd === 'publish') socket.destroy();
    }).listen();
    const { connection } = broker.connect();
    await connection.open(never);
    connection.publish('go away');
    await expect(connection.closed).resolves.toMatchObject({ kind: 'unreachable' });
    expect(connection.publish('again')).toBe(false);
  });
});

describe('a printer that sends too much', () => {
  const report = (bytes: number): Packet => ({
    cmd: 'publish',
    topic: `device/${SERIAL}/report`,
    payload: Buffer.alloc(bytes, 0x20),
    qos: 0,
    dup: false,
    retain: false,
  });

  it.each([
    ['small messages by the thousand', 2_000, 100, 1_000],
    ['large ones by the dozen', 60, 500_000, 30],
    ['one that never seems to end', 1, 3_000_000, 0],
  ])('%s: is cut off, and the words say so', async (_what, count, bytes, most) => {
    const broker = await new Broker((packet, send) => {
      welcome(packet, send);
      if (packet.cmd === 'subscribe') for (let sent = 0; sent < count; sent++) send(report(bytes));
    }).listen();
    const { connection, messages } = broker.connect();
    await connection.open(never);
    const reason = await connection.closed;
    expect(reason).toMatchObject({ kind: 'protocol', code: 'flood' });
    expect(reason.message).toMatch(/floods this program.*Restart the printer/);
    expect(messages.length).toBeLessThanOrEqual(most);
  });

  it('may send a burst of full reports, and the largest message that is read', async () => {
    const broker = await new Broker((packet, send) => {
      welcome(packet, send);
      if (packet.cmd !== 'subscribe') return;
      for (let sent = 0; sent < 100; sent++) send(report(40_000));
      send(report(1_048_576));
    }).listen();
    const { connection, messages } = broker.connect();
    await connection.open(never);
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(101);
  });
});

describe('a connection that is not accepted', () => {
  it.each([4, 5])('for code %d is a matter of the access code', async (returnCode) => {
    const broker = await new Broker((packet, send) => {
      if (packet.cmd === 'connect') send({ cmd: 'connack', returnCode, sessionPresent: false });
    }).listen();
    const opening = broker.connect().connection.open(never);
    await expect(opening).rejects.toMatchObject({ kind: 'auth', message: expect.not.stringContaining(CODE) });
  });

  it.each([
    [2, 'protocol', 'reason 2'],
    [3, 'unreachable', 'too many clients'],
  ])('for another code (%d) is not: %s', async (returnCode, kind, words) => {
    const broker = await new Broker((packet, send) => {
      if (packet.cmd === 'connect') send({ cmd: 'connack', returnCode, sessionPresent: false });
    }).listen();
    await expect(broker.connect().connection.open(never)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(words),
    });
  });

  it('because the printer says nothing is given up', async () => {
    const broker = await new Broker(() => {}).listen();
    await expect(broker.connect(80).connection.open(never)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('because the printer hangs up is unreachable', async () => {
    const broker = await new Broker((_packet, _send, socket) => socket.destroy()).listen();
    await expect(broker.connect().connection.open(never)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('for its subscription ends', async () => {
    const broker = await new Broker((packet, send) => {
      if (packet.cmd === 'connect') send(ACCEPTED);
      if (packet.cmd === 'subscribe')
        send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [128] });
    }).listen();
    await expect(broker.connect().connection.open(never)).rejects.toMatchObject({ kind: 'protocol' });
  });

  it('because the printer sends what is no MQTT ends', async () => {
    const broker = await new Broker((_packet, _send, socket) =>
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ).listen();
    await expect(broker.connect(1_000).connection.open(never)).rejects.toMatchObject({
      kind: expect.stringMatching(/unreachable|protocol/),
    });
  });
});
