/** The broker inside a printer: one topic out, one topic in, few clients (docs/protocol.md §4.1). */
import { timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { generate, type IConnectPacket } from 'mqtt-packet';
import type { TruthRecorder } from './ground-truth.js';
import { type Admission, MqttConnection, type MqttConnectionHost } from './mqtt-connection.js';

/** What becomes of a client that finds no place: the real machines differ. */
export interface Crowded {
  readonly how?: 'drop' | 'refuse' | 'hang' | 'mute' | 'evict' | undefined;
}

export interface MqttServerOptions {
  readonly serial: string;
  readonly maxClients: number;
  readonly accessCode: () => string;
  /** Not null when a fault says that other clients hold every place. */
  readonly crowded?: () => Crowded | null;
  /** True answers CONNACK 5 whatever the credentials. */
  readonly refusesAuth: () => boolean;
  readonly acknowledges: (payload: Buffer) => boolean;
  readonly onRequest: (payload: Buffer) => void;
  readonly record: TruthRecorder;
}

export class MqttServer implements MqttConnectionHost {
  readonly serial: string;
  readonly #options: MqttServerOptions;
  readonly #connections = new Set<MqttConnection>();
  #accepted = 0;

  constructor(options: MqttServerOptions) {
    this.#options = options;
    this.serial = options.serial;
  }

  /** True when a report would reach somebody. */
  get hasSubscribers(): boolean {
    for (const connection of this.#connections) if (connection.subscribed) return true;
    return false;
  }

  /** Clients that ever connected. */
  get accepted(): number {
    return this.#accepted;
  }

  accept(socket: TLSSocket): void {
    this.#accepted += 1;
    const connection = new MqttConnection(socket, this);
    this.#connections.add(connection);
    connection.run();
  }

  /** Publishes to every subscriber at QoS 0, encoded once. */
  publish(payload: Buffer | string): void {
    const encoded = generate({
      cmd: 'publish',
      topic: `device/${this.serial}/report`,
      payload,
      qos: 0,
      dup: false,
      retain: false,
    });
    for (const connection of this.#connections) if (connection.subscribed) connection.send(encoded);
  }

  /** Cuts every client without a word. */
  dropAll(): void {
    for (const connection of [...this.#connections]) connection.drop();
  }

  admit(connection: MqttConnection, packet: IConnectPacket): Admission {
    const refuse = (reason: string): void =>
      this.#options.record('mqtt', 'refused', { clientId: packet.clientId, reason });
    if (this.#options.refusesAuth() || !this.#hasAccess(packet)) {
      refuse('credentials');
      return 5;
    }
    for (const other of this.#connections) {
      if (other !== connection && other.connected && other.clientId === packet.clientId) other.drop();
    }
    const others = [...this.#connections].filter((c) => c !== connection && c.occupiesSlot).length;
    if (others >= this.#options.maxClients) {
      refuse(`${others} clients already`);
      return 'drop';
    }
    const crowded = this.#options.crowded?.() ?? null;
    if (crowded !== null) {
      refuse('no place');
      return this.#turnAway(connection, crowded.how ?? 'drop');
    }
    this.#options.record('mqtt', 'connect', { clientId: packet.clientId });
    return 'accept';
  }

  #turnAway(connection: MqttConnection, how: NonNullable<Crowded['how']>): Admission {
    switch (how) {
      case 'drop':
      case 'hang':
        return how;
      case 'refuse':
        return 3;
      case 'mute':
        connection.mute();
        return 'accept';
      case 'evict': {
        const oldest = [...this.#connections].find((other) => other !== connection && other.connected);
        oldest?.drop();
        return 'accept';
      }
    }
  }

  onRequest(_connection: MqttConnection, payload: Buffer): void {
    this.#options.onRequest(payload);
  }

  acknowledges(payload: Buffer): boolean {
    return this.#options.acknowledges(payload);
  }

  onClosed(connection: MqttConnection): void {
    this.#connections.delete(connection);
    if (connection.connected) {
      this.#options.record('mqtt', 'disconnect', { clientId: connection.clientId });
    }
  }

  onStray(connection: MqttConnection, event: string, detail: string): void {
    this.#options.record('mqtt', event, { clientId: connection.clientId, detail });
  }

  #hasAccess(packet: IConnectPacket): boolean {
    const given = packet.password ?? Buffer.alloc(0);
    const wanted = Buffer.from(this.#options.accessCode(), 'utf8');
    return packet.username === 'bblp' && given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}
