import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type BrokerOptions, RealtimeBroker } from '../../src/realtime/broker.js';
import type { RealtimeCaller } from '../../src/realtime/client-id.js';
import type { Credentials } from '../../src/realtime/login.js';
import { makeCertificate, type TestCertificate } from './certificate.js';
import { LogBook } from './logs.js';

export const STORE = 'store000000000000000001a';
export const OTHER_STORE = 'store000000000000000002b';
export const KEY_ID = 'key000000000000000000001';
export const OTHER_KEY_ID = 'key000000000000000000002';
export const KEY = `${KEY_ID}${'s'.repeat(48)}`;
export const OTHER_KEY = `${OTHER_KEY_ID}${'t'.repeat(48)}`;
/** A person's session token. */
export const SESSION = 'session-token-of-a-person-0123456789';

/** A broker with TLS and plain listeners, its callers, its log, and clients that are closed with it. */
export class BrokerBench {
  readonly log = new LogBook();
  readonly permissions = new Set(['printer.stats', 'printer.view']);
  readonly attempts: Credentials[] = [];
  broker: RealtimeBroker;
  now = 0;
  /** When keys and sessions end; null never. */
  expiresAtMs: number | null = null;
  /** Decides a login; replaced by tests that want another outcome. */
  decide: (credentials: Credentials) => Promise<RealtimeCaller | null> = async (credentials) =>
    this.knows(credentials);
  private readonly open: (() => Promise<unknown> | unknown)[] = [];

  private constructor(
    readonly certificate: TestCertificate,
    changes: Partial<BrokerOptions>,
  ) {
    this.broker = new RealtimeBroker({
      tls: { host: '127.0.0.1', port: 0, ...certificate },
      webSocket: { host: '127.0.0.1', port: 0, ...certificate },
      plain: { host: '127.0.0.1', port: 0 },
      maxConnections: 100,
      authenticate: (credentials) => {
        this.attempts.push(credentials);
        return this.decide(credentials);
      },
      viewPermission: (type) => VIEW_PERMISSIONS[type] ?? null,
      log: this.log,
      now: () => this.now,
      ...changes,
    });
  }

  static async start(changes: Partial<BrokerOptions> = {}): Promise<BrokerBench> {
    certificate ??= makeCertificate();
    const bench = new BrokerBench(await certificate, changes);
    await bench.broker.start();
    return bench;
  }

  async stop(): Promise<void> {
    await Promise.all(this.open.map((close) => close()));
    await this.broker.stop();
  }

  /** Connects over TLS, checking the broker's certificate but for its name. Rejects when the broker refuses. */
  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    return this.connectTo(`mqtts://127.0.0.1:${this.broker.ports.tls}`, options);
  }

  /** The same over WebSocket. */
  async connectOverWebSocket(path = '/', options: IClientOptions = {}): Promise<MqttClient> {
    return this.connectTo(`wss://127.0.0.1:${this.broker.ports.webSocket}${path}`, options);
  }

  async connectTo(url: string, options: IClientOptions = {}): Promise<MqttClient> {
    const tls = { ca: this.certificate.caPem, checkServerIdentity: () => undefined };
    const client = await mqtt.connectAsync(url, {
      ...tls,
      wsOptions: { checkServerIdentity: () => false },
      username: STORE,
      password: KEY,
      clientId: `apiclient_${KEY_ID}_${this.open.length}`,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      ...options,
    });
    client.on('error', () => {});
    this.open.push(() => client.endAsync(true));
    return client;
  }

  /** A plain connection that speaks bytes. */
  async rawSocket(localAddress = '127.0.0.1'): Promise<Socket> {
    const port = this.broker.ports.plain;
    if (port === null) throw new Error('no plain listener');
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    socket.on('error', () => {});
    this.open.push(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  async rawTlsSocket(port = this.broker.ports.tls): Promise<TLSSocket> {
    if (port === null) throw new Error('no TLS listener');
    const ca = this.certificate.caPem;
    const socket = tlsConnect({ host: '127.0.0.1', port, ca, checkServerIdentity: () => undefined });
    socket.on('error', () => {});
    this.open.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Called when the bench stops. */
  endWith(end: () => unknown): void {
    this.open.push(end);
  }

  private knows({ storeId, key }: Credentials): RealtimeCaller | null {
    if (storeId !== STORE) return null;
    const common = { storeId, permissions: this.permissions, expiresAtMs: this.expiresAtMs };
    if (key === KEY) return { ...common, keyId: KEY_ID, restsOn: [KEY_ID, 'role'] };
    if (key === OTHER_KEY) return { ...common, keyId: OTHER_KEY_ID, restsOn: [OTHER_KEY_ID] };
    return key === SESSION ? { ...common, keyId: null, restsOn: ['session', 'user'] } : null;
  }
}

let certificate: Promise<TestCertificate> | undefined;

const VIEW_PERMISSIONS: Readonly<Record<string, string>> = {
  printers: 'printer.view',
  printJobs: 'queue.view',
};

/** Everything a socket receives until it ends or has that many bytes. */
export async function received(socket: Socket, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  let data = Buffer.alloc(0);
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      data = Buffer.concat([data, chunk]);
      if (data.length >= bytes) resolve();
    });
    socket.once('close', () => resolve());
    if (socket.destroyed) resolve();
  });
  return data;
}

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

/** The next message of a client. */
export function nextMessage(client: MqttClient): Promise<Message> {
  return new Promise((resolve) => {
    client.once('message', (topic, payload, { retain, qos }) => {
      resolve({ topic, payload: payload.toString(), retain, qos });
    });
  });
}

/** Resolves when the client's connection has ended. */
export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}
