import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Aedes, type Client } from 'aedes';
import { CalmLog } from './calm-log.js';
import { loggable } from './client-id.js';
import { clientPolicy } from './client-policy.js';
import { checkFirstPacket, type GateVerdict, versionRefusal } from './connect-gate.js';
import { Delivery, type PublishOptions } from './delivery.js';
import { type BrokerPorts, Doors, type DoorsOptions } from './doors.js';
import { endInTime } from './end-in-time.js';
import { Entrance, type Place } from './entrance.js';
import { hangUp } from './hang-up.js';
import type { CertificateText } from './listener.js';
import type { RealtimeLog } from './log.js';
import { type Authenticate, Login } from './login.js';
import { LoginThrottle } from './login-throttle.js';
import { type BrokerMeter, type LossReason, NO_METER } from './meter.js';
import { Outgoing } from './outgoing.js';
import { PacketMeter } from './packet-meter.js';
import { Session, type ViewPermission } from './session.js';
import { TokenBucket } from './token-bucket.js';
import { TooManyFrames, WebSockets } from './websocket.js';

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

/** Clients send little: the largest is one SUBSCRIBE that names every printer of a farm. */
const MAX_PACKET_BYTES = 128 * 1024;
/** Packets, and kilobytes, that a client may send at once and every second; acknowledgements come on top. */
const INCOMING = { atOnce: 4_096, perSecond: 200 } as const;
const FAILED_LOGINS_PER_MINUTE = 10;
/** In place of the granted QoS (MQTT-3.9.3). */
const REFUSED_FILTER = 128;

/**
 * The realtime door: MQTT 3.1.1, clean sessions, read only. Callers subscribe within their store and permissions;
 * only the daemon publishes.
 */
export class RealtimeBroker {
  private aedes: Aedes | null = null;
  private readonly doors: Doors;
  private readonly entrance: Entrance;
  private readonly webSockets: WebSockets;
  private readonly streams = new Set<Duplex>();
  private readonly sessions = new Map<Client, Session>();
  private readonly delivery: Delivery;
  private readonly login: Login;
  private readonly connectMs: number;
  private readonly meter: BrokerMeter;
  private readonly calmLog: CalmLog;

  constructor(private readonly options: BrokerOptions) {
    this.connectMs = options.connectTimeoutMs ?? 10_000;
    this.meter = options.meter ?? NO_METER;
    const now = options.now ?? Date.now;
    const { maxConnections, log } = options;
    this.calmLog = new CalmLog(log, now);
    this.webSockets = new WebSockets(now);
    this.doors = new Doors(options, log);
    this.entrance = new Entrance({ maxConnections, log, now, onRefused: () => this.meter.lost('full') });
    const throttle = new LoginThrottle(FAILED_LOGINS_PER_MINUTE, 60_000, now);
    this.login = new Login(options.authenticate, throttle, log, this.calmLog, this.entrance.share);
    this.delivery = new Delivery(() => this.sessions.values(), this.meter, log);
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

  /** Bytes that wait for clients to read or to acknowledge. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const session of this.sessions.values()) bytes += session.outgoing.waitingBytes;
    return bytes;
  }

  /** @throws when a listener cannot be bound; nothing is left open then. */
  async start(): Promise<void> {
    if (this.aedes !== null) throw new Error('the realtime broker is started already');
    const aedes = await Aedes.createBroker(
      clientPolicy({
        sessions: this.sessions,
        login: this.login,
        log: this.options.log,
        calmLog: this.calmLog,
        meter: this.meter,
        connectMs: this.connectMs,
        onFlood: (session) => this.drop(session, 'protocol', 'sends too much'),
      }),
    );
    this.aedes = aedes;
    this.observe(aedes);
    const limits = { entrance: this.entrance, handshakeMs: this.connectMs };
    try {
      await this.doors.start(limits, this.webSockets, (...arrival) => this.take(...arrival));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends all connections. May be repeated. */
  async stop(): Promise<void> {
    const { aedes } = this;
    this.aedes = null;
    this.delivery.stop();
    this.webSockets.goAway();
    for (const stream of this.streams) hangUp(stream);
    await turn();
    await this.doors.close();
    if (aedes !== null) await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /**
   * Keeps a state for whoever asks for its topic, the newest only, and tells it to those who do. It is put into words
   * when the first of them wants it: on a farm that nobody looks at, that is most of what a report costs.
   */
  publishState(topic: string, text: () => string): void {
    this.delivery.publishState(topic, text);
  }

  /** Somebody looks at entities of a type. */
  followsEntities(type: string): boolean {
    for (const session of this.sessions.values()) if (session.followsEntities(type)) return true;
    return false;
  }

  /** Sends to everybody who asked for the topic and may see it; retained, also to those who ask later. */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): void {
    this.delivery.publish(topic, payload, options);
  }

  /** Ends the sessions that rest on what was changed or revoked; their clients come again with what they may do now. */
  closeAllOn(id: string): void {
    this.login.revoke(id);
    for (const session of this.sessions.values()) {
      if (!session.caller?.restsOn.includes(id)) continue;
      this.meter.lost('revoked');
      hangUp(session.stream);
    }
  }

  /** Shows another certificate to whoever connects from now on. @throws when certificate and key do not fit */
  useCertificate(certificate: CertificateText): void {
    this.doors.useCertificate(certificate);
  }

  /** Takes a request elsewhere that asks for a WebSocket; `address` is the client's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void {
    const place = this.aedes === null ? null : this.entrance.admit(address, () => socket.destroy());
    if (place === null) {
      socket.destroy();
      return;
    }
    socket.once('close', () => place.leave());
    this.webSockets
      .upgrade(request, socket, head, (stream) => this.take(stream, address, place))
      .catch((error: unknown) => {
        this.options.log.error({ err: error, address }, 'could not make a WebSocket');
        socket.destroy();
      });
  }

  private take(stream: Duplex, address: string, place: Place | null): void {
    if (this.aedes === null) return void stream.destroy();
    this.streams.add(stream);
    const onLogin = () => {
      clearTimeout(deadline);
      place?.keep();
    };
    const deadline = setTimeout(() => {
      this.options.log.debug({ address }, 'a realtime client did not log in within the time for it');
      stream.destroy();
    }, this.connectMs);
    stream.on('error', (error) => {
      if (error instanceof TooManyFrames) this.lose('protocol', { address }, error.message);
      else this.options.log.debug({ err: error, address }, 'realtime connection failed');
    });
    stream.once('close', () => {
      clearTimeout(deadline);
      this.streams.delete(stream);
    });
    checkFirstPacket(stream).then(
      (verdict) => this.enter(stream, address.replace(/^::ffff:/, ''), verdict, onLogin),
      (error) => stream.destroy(error),
    );
  }

  private enter(stream: Duplex, address: string, verdict: GateVerdict, onLogin: () => void): void {
    if (verdict === 'closed' || stream.destroyed || this.aedes === null) return void stream.destroy();
    if (verdict !== 'speaks 3.1.1') {
      this.meter.lost('protocol');
      this.calmLog.info({ address, verdict }, 'refused a realtime client: MQTT 3.1.1 is spoken here');
      if (typeof verdict === 'object') stream.end(versionRefusal(verdict.level), () => stream.destroy());
      else stream.destroy();
      return;
    }
    const session = this.session(stream, address);
    // `handle` only takes hold of the stream; it reads in a later turn.
    const client = this.aedes.handle(stream);
    this.sessions.set(client, session);
    client.once('connected', () => {
      onLogin();
      session.replaces?.stream.destroy();
      session.replaces = null;
      endInTime(session, this.options.now ?? Date.now);
    });
    stream.once('close', () => {
      this.sessions.delete(client);
      this.login.release(session, client.id);
    });
    // Seen here whenever the protocol's own reader takes a chunk.
    const packets = new PacketMeter(MAX_PACKET_BYTES);
    stream.on('data', (chunk: Buffer) => {
      const before = packets.begun;
      if (!packets.accepts(chunk)) {
        this.drop(session, 'protocol', `sent a packet larger than ${MAX_PACKET_BYTES} bytes`);
      } else if (!session.allowance.take(packets.begun - before + chunk.length / 1024)) {
        this.drop(session, 'protocol', 'sends too much');
      }
    });
  }

  private session(stream: Duplex, address: string): Session {
    const { viewPermission, publicPrefixes = [], now = Date.now } = this.options;
    const allowance = new TokenBucket(INCOMING.atOnce, INCOMING.perSecond, now);
    const outgoing = (of: Session) =>
      new Outgoing({
        stream,
        waitingInAll: () => this.waitingBytes,
        stateOf: (topic) => this.delivery.stateFor(of, topic),
        onOverflow: (why, waitingBytes) => this.drop(of, 'slow', why, { waitingBytes }),
        onNumbered: () => allowance.give(1),
      });
    return new Session(stream, address, allowance, { viewPermission, publicPrefixes }, outgoing);
  }

  private drop(session: Session, reason: LossReason, why: string, details: object = {}): void {
    if (session.stream.destroyed) return;
    const { address, requestedId } = session;
    this.lose(reason, { clientId: loggable(requestedId), address, ...details }, why);
    session.stream.destroy();
  }

  private lose(
    reason: LossReason,
    who: { readonly address: string; readonly clientId?: string },
    why: string,
  ): void {
    this.meter.lost(reason);
    this.calmLog.warn(who, `dropped a realtime client that ${why}`);
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
    aedes.on('subscribe', (subscriptions, client) => {
      const granted = subscriptions
        .filter(({ qos }) => Number(qos) !== REFUSED_FILTER)
        .map(({ topic }) => topic);
      const session = this.sessions.get(client);
      if (session !== undefined && granted.length > 0) this.delivery.tellStates(session, granted);
    });
    aedes.on('ack', (_, client) => this.sessions.get(client)?.outgoing.acknowledged());
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.sessions.get(client)?.unsubscribe(filter);
    });
  }
}
