import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import { loggable } from './client-id.js';
import { clientPolicy } from './client-policy.js';
import { checkFirstPacket, type GateVerdict, versionRefusal } from './connect-gate.js';
import { type BrokerPorts, Doors, type DoorsOptions } from './doors.js';
import { Entrance } from './entrance.js';
import { Lanes } from './lanes.js';
import type { CertificateText } from './listener.js';
import type { RealtimeLog } from './log.js';
import { type Authenticate, Login } from './login.js';
import { LoginThrottle } from './login-throttle.js';
import { type BrokerMeter, NO_METER } from './meter.js';
import { PacketMeter } from './packet-meter.js';
import { Session, type ViewPermission } from './session.js';
import { WebSockets } from './websocket.js';

export interface BrokerOptions extends DoorsOptions {
  /** Connections at once, logged in or not; one address, or one key, may hold half of them. */
  readonly maxConnections: number;
  readonly authenticate: Authenticate;
  readonly viewPermission: ViewPermission;
  /** Branches beside the stores' that everybody may read who may see printers' states, such as `homeassistant`. */
  readonly publicPrefixes?: readonly string[];
  readonly log: RealtimeLog;
  readonly meter?: BrokerMeter;
  /** Time from the first byte to a finished login, milliseconds; 10,000 unless given. */
  readonly connectTimeoutMs?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface PublishOptions {
  readonly retain: boolean;
  readonly qos: 0 | 1;
}

/** Clients send little: the largest is one SUBSCRIBE that names every printer of a farm. */
const MAX_PACKET_BYTES = 128 * 1024;
const FAILED_LOGINS_PER_MINUTE = 10;
/** Timers of Node reach 24 days; whatever ends later is looked at again then. */
const LONGEST_TIMER_MS = 86_400_000;

/**
 * The realtime door: MQTT 3.1.1, clean sessions, read only. Callers subscribe within their store and permissions;
 * only the daemon publishes.
 */
export class RealtimeBroker {
  private aedes: Aedes | null = null;
  private readonly doors: Doors;
  private readonly entrance: Entrance;
  private readonly webSockets = new WebSockets();
  private readonly streams = new Set<Duplex>();
  private readonly sessions = new Map<Client, Session>();
  private readonly lanes = new Lanes();
  /** States that nobody has asked for yet, by topic: how to put each into words. */
  private readonly unsaid = new Map<string, () => string>();
  private readonly login: Login;
  private readonly connectMs: number;
  private readonly meter: BrokerMeter;

  constructor(private readonly options: BrokerOptions) {
    this.connectMs = options.connectTimeoutMs ?? 10_000;
    this.meter = options.meter ?? NO_METER;
    const now = options.now ?? Date.now;
    const { maxConnections, log } = options;
    this.doors = new Doors(options);
    this.entrance = new Entrance({ maxConnections, log, now, onRefused: () => this.meter.lost('full') });
    const throttle = new LoginThrottle(FAILED_LOGINS_PER_MINUTE, 60_000, now);
    this.login = new Login(options.authenticate, throttle, log, this.entrance.share);
  }

  get ports(): BrokerPorts {
    return this.doors.ports;
  }

  /** Clients that are logged in. */
  get clients(): number {
    let count = 0;
    for (const session of this.sessions.values()) if (session.caller !== null) count++;
    return count;
  }

  /** @throws when a listener cannot be bound; nothing is left open then. */
  async start(): Promise<void> {
    if (this.aedes !== null) throw new Error('the realtime broker is started already');
    const aedes = await Aedes.createBroker(
      clientPolicy({
        sessions: this.sessions,
        login: this.login,
        log: this.options.log,
        meter: this.meter,
        connectMs: this.connectMs,
        beforeSubscribing: () => this.sayAll(),
      }),
    );
    this.aedes = aedes;
    this.observe(aedes);
    const limits = { entrance: this.entrance, handshakeMs: this.connectMs };
    try {
      await this.doors.start(limits, this.webSockets, (stream, address) => this.take(stream, address));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends all connections. May be repeated. */
  async stop(): Promise<void> {
    const { aedes } = this;
    this.aedes = null;
    const closed = this.doors.close();
    for (const stream of this.streams) stream.destroy();
    await closed;
    if (aedes !== null) await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /**
   * Keeps a state for whoever asks for its topic, the newest only. It is put into words when somebody follows the
   * printers' states, now or later: on a farm that nobody looks at, that is most of what a report costs.
   */
  publishState(topic: string, text: () => string): void {
    this.unsaid.set(topic, text);
    for (const session of this.sessions.values()) if (session.followsStats) return void this.say(topic, text);
  }

  /** Resolves when every state stands on its topic. */
  private async sayAll(): Promise<void> {
    await Promise.all([...this.unsaid].map(([topic, text]) => this.say(topic, text)));
  }

  private say(topic: string, text: () => string): Promise<void> {
    this.unsaid.delete(topic);
    try {
      return this.send(topic, text(), { retain: true, qos: 0 });
    } catch (error) {
      this.options.log.error({ err: error, topic }, 'could not publish a state');
      return Promise.resolve();
    }
  }

  /** Somebody looks at entities of a type. */
  followsEntities(type: string): boolean {
    for (const session of this.sessions.values()) if (session.followsEntities(type)) return true;
    return false;
  }

  /** Sends to everybody who may see the topic. While the broker is not running there is nobody: it does nothing. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): void {
    if (options.retain) this.unsaid.delete(topic);
    void this.send(topic, payload, options);
  }

  private send(topic: string, payload: string | Buffer, { retain, qos }: PublishOptions): Promise<void> {
    const { aedes } = this;
    if (aedes === null) return Promise.resolve();
    this.meter.published();
    const packet = this.lanes.number({ cmd: 'publish', topic, payload, retain, qos, dup: false });
    return new Promise((resolve) => {
      aedes.publish(packet, (error) => {
        // What is under way when the broker stops has nobody left to go to.
        if (error && this.aedes !== null) {
          this.options.log.error({ err: error, topic }, 'could not publish a realtime message');
        }
        resolve();
      });
    });
  }

  /** Ends the sessions that rest on what was changed or revoked; their clients come again with what they may do now. */
  closeAllOn(id: string): void {
    this.login.revoke(id);
    for (const session of this.sessions.values()) {
      if (!session.caller?.restsOn.includes(id)) continue;
      this.meter.lost('revoked');
      session.stream.destroy();
    }
  }

  /** Shows another certificate to whoever connects from now on. @throws when certificate and key do not fit */
  useCertificate(certificate: CertificateText): void {
    this.doors.useCertificate(certificate);
  }

  /** Takes a connection made elsewhere. */
  accept(stream: Duplex, address: string): void {
    const left = this.aedes === null ? null : this.entrance.admit(address);
    if (left === null) {
      stream.destroy();
      return;
    }
    stream.once('close', left);
    this.take(stream, address);
  }

  /** Takes a request elsewhere that asks for a WebSocket; `address` is the client's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    const left = this.aedes === null ? null : this.entrance.admit(address);
    if (left === null) {
      socket.destroy();
      return;
    }
    socket.once('close', left);
    this.webSockets
      .upgrade(request, socket, head, (stream) => this.take(stream, address))
      .catch((error: unknown) => {
        this.options.log.error({ err: error, address }, 'could not make a WebSocket');
        socket.destroy();
      });
  }

  private take(stream: Duplex, address: string): void {
    if (this.aedes === null) {
      stream.destroy();
      return;
    }
    this.streams.add(stream);
    const deadline = setTimeout(() => {
      this.options.log.debug({ address }, 'a realtime client did not log in within the time for it');
      stream.destroy();
    }, this.connectMs);
    stream.on('error', (error) =>
      this.options.log.debug({ err: error, address }, 'realtime connection failed'),
    );
    stream.once('close', () => {
      clearTimeout(deadline);
      this.streams.delete(stream);
    });
    checkFirstPacket(stream).then(
      (verdict) => this.enter(stream, address.replace(/^::ffff:/, ''), verdict, deadline),
      (error) => stream.destroy(error),
    );
  }

  private enter(stream: Duplex, address: string, verdict: GateVerdict, deadline: NodeJS.Timeout): void {
    if (verdict === 'closed' || stream.destroyed || this.aedes === null) {
      stream.destroy();
      return;
    }
    if (verdict !== 'speaks 3.1.1') {
      this.meter.lost('protocol');
      this.options.log.info({ address, verdict }, 'refused a realtime client: MQTT 3.1.1 is spoken here');
      if (typeof verdict === 'object') stream.end(versionRefusal(verdict.level), () => stream.destroy());
      else stream.destroy();
      return;
    }
    const session = new Session(stream, address, this.options.viewPermission, this.options.publicPrefixes);
    // `handle` only takes hold of the stream; it reads in a later turn.
    const client = this.aedes.handle(stream);
    this.sessions.set(client, session);
    client.once('connected', () => {
      clearTimeout(deadline);
      session.replaces?.stream.destroy();
      session.replaces = null;
      this.endInTime(session);
    });
    stream.once('close', () => {
      this.sessions.delete(client);
      this.login.release(session, client.id);
    });
    // Seen here whenever the protocol's own reader takes a chunk.
    const meter = new PacketMeter(MAX_PACKET_BYTES);
    stream.on('data', (chunk: Buffer) => {
      if (meter.accepts(chunk)) return;
      this.options.log.warn(
        { address },
        `dropped a realtime client: a packet is larger than ${MAX_PACKET_BYTES} bytes`,
      );
      stream.destroy();
    });
  }

  /** What it logged in with has an end of its own. */
  private endInTime({ caller, stream }: Session): void {
    if (caller === null || caller.expiresAtMs === null) return;
    const { expiresAtMs } = caller;
    const now = this.options.now ?? Date.now;
    let timer: NodeJS.Timeout;
    const look = () => {
      const left = expiresAtMs - now();
      if (left <= 0) stream.destroy();
      else timer = setTimeout(look, Math.min(left, LONGEST_TIMER_MS));
    };
    look();
    stream.once('close', () => clearTimeout(timer));
  }

  private observe(aedes: Aedes): void {
    const { log } = this.options;
    const emitter: EventEmitter = aedes;
    emitter.on('error', (error: unknown) => log.error({ err: error }, 'the realtime broker failed'));
    aedes.on('clientReady', (client) =>
      log.debug({ clientId: loggable(client.id) }, 'realtime client logged in'),
    );
    aedes.on('clientError', (client, error) =>
      log.debug({ err: error, clientId: loggable(client.id) }, 'realtime client failed'),
    );
    aedes.on('connectionError', (_, error) => log.debug({ err: error }, 'realtime connection failed'));
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.sessions.get(client)?.unsubscribe(filter);
    });
  }
}
