/**
 * A subscriber that does as little as can be: one TLS connection whose PUBLISH packets are counted. Many of them in one
 * process then cost less than what is measured.
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import mqttPacket from 'mqtt-packet';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly username: string;
  readonly password: string;
  readonly topic: string;
  /** Address that it comes from; the system's choice when absent. */
  readonly localAddress?: string;
}

export type OnMessage = (topic: string, payload: Buffer) => void;

const KEEPALIVE_S = 60;
const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;
const ANSWER_MS = 30_000;
const PINGREQ = Buffer.from([0xc0, 0]);

export class RawSubscriber {
  messages = 0;
  /** Bytes of all packets, headers included. */
  bytes = 0;
  isOpen = true;
  #rest: Buffer = Buffer.alloc(0);
  readonly #awaited = new Map<number, () => void>();

  private constructor(
    private readonly socket: TLSSocket,
    private readonly onMessage: OnMessage | null,
  ) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    const pings = setInterval(() => socket.write(PINGREQ), (KEEPALIVE_S * 1000) / 2);
    socket.once('close', () => {
      clearInterval(pings);
      this.isOpen = false;
    });
  }

  /** Connected and subscribed. @throws Error when it is refused or not answered */
  static async open(place: Place, clientId: string, onMessage: OnMessage | null): Promise<RawSubscriber> {
    const { host, port, caPem, localAddress, username, password, topic } = place;
    const socket = connect({ host, port, ca: [caPem], ...(localAddress ? { localAddress } : {}) });
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWER_MS) });
    socket.setNoDelay(true);
    const subscriber = new RawSubscriber(socket, onMessage);
    await subscriber.#ask(CONNACK, {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive: KEEPALIVE_S,
      username,
      password: Buffer.from(password),
    });
    await subscriber.#ask(SUBACK, {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic, qos: 0 }],
    });
    return subscriber;
  }

  /** Reads nothing any more; what comes stays with the kernel, and then with the sender. */
  stall(): void {
    this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }

  #ask(answer: number, packet: Parameters<typeof mqttPacket.generate>[0]): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('a subscriber was not let in'));
      const timer = setTimeout(() => reject(new Error('a subscriber was not answered')), ANSWER_MS);
      this.socket.once('close', gone);
      this.#awaited.set(answer, () => {
        clearTimeout(timer);
        this.socket.off('close', gone);
        resolve();
      });
      this.socket.write(mqttPacket.generate(packet));
    });
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const size = sizeOf(data);
      if (size === null || data.length < size.header + size.body) break;
      this.#take(data[0] ?? 0, data.subarray(size.header, size.header + size.body));
      this.bytes += size.header + size.body;
      data = data.subarray(size.header + size.body);
    }
    this.#rest = data;
  }

  #take(first: number, body: Buffer): void {
    const kind = first >> 4;
    if (kind !== PUBLISH) {
      this.#awaited.get(kind)?.();
      this.#awaited.delete(kind);
      return;
    }
    this.messages++;
    if (this.onMessage === null) return;
    const end = 2 + body.readUInt16BE(0);
    this.onMessage(body.toString('utf8', 2, end), body.subarray(end));
  }
}

/** What the fixed header of a packet says; null while it is not there. */
function sizeOf(data: Buffer): { readonly header: number; readonly body: number } | null {
  let body = 0;
  for (let at = 1; at < 5; at++) {
    const digit = data[at];
    if (digit === undefined) return null;
    body += (digit & 0x7f) * 128 ** (at - 1);
    if (digit < 0x80) return { header: at + 1, body };
  }
  return null;
}
