/** One MQTT 3.1.1 client of an emulated printer (docs/protocol.md §4.1). */
import type { TLSSocket } from 'node:tls';
import { generate, type IConnectPacket, type IPublishPacket, type Packet, parser } from 'mqtt-packet';

/** 'accept', the CONNACK code to refuse with, 'drop' to close or 'hang' to stay silent without an answer. */
export type Admission = 'accept' | 'drop' | 'hang' | 3 | 4 | 5;

export interface MqttConnectionHost {
  readonly serial: string;
  admit(connection: MqttConnection, packet: IConnectPacket): Admission;
  onRequest(connection: MqttConnection, payload: Buffer): void;
  /** False withholds the PUBACK. */
  acknowledges(payload: Buffer): boolean;
  onClosed(connection: MqttConnection): void;
  onStray(connection: MqttConnection, event: string, detail: string): void;
}

const SUBACK_FAILURE = 0x80;
const CONNECT_TIMEOUT_MS = 10_000;
/** A client that does not read loses reports beyond this backlog, as it would on a small machine. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

export class MqttConnection {
  clientId = '';
  #connected = false;
  #subscribed = false;
  #muted = false;
  readonly #reportTopic: string;
  readonly #requestTopic: string;

  constructor(
    private readonly socket: TLSSocket,
    private readonly host: MqttConnectionHost,
  ) {
    this.#reportTopic = `device/${host.serial}/report`;
    this.#requestTopic = `device/${host.serial}/request`;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** False as soon as the socket is cut, although its close is yet to be seen. */
  get occupiesSlot(): boolean {
    return this.#connected && !this.socket.destroyed;
  }

  get subscribed(): boolean {
    return this.#connected && this.#subscribed && !this.#muted;
  }

  /** It is let in and never hears anything. */
  mute(): void {
    this.#muted = true;
  }

  run(): void {
    const decoder = parser({ protocolVersion: 4 });
    decoder.on('packet', (packet) => this.#onPacket(packet));
    decoder.on('error', (error) => {
      this.host.onStray(this, 'malformed', error.message);
      this.socket.destroy();
    });
    const giveUp = setTimeout(() => this.socket.destroy(), CONNECT_TIMEOUT_MS);
    this.socket.on('data', (chunk: Buffer) => {
      decoder.parse(chunk);
      if (this.#connected) clearTimeout(giveUp);
    });
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      clearTimeout(giveUp);
      this.host.onClosed(this);
    });
  }

  /** Sends an encoded packet; the same bytes serve every subscriber. */
  send(encoded: Buffer): void {
    if (this.socket.destroyed || this.socket.writableLength > MAX_BACKLOG_BYTES) return;
    this.socket.write(encoded);
  }

  drop(): void {
    this.socket.destroy();
  }

  #onPacket(packet: Packet): void {
    if (!this.#connected && packet.cmd !== 'connect') {
      this.socket.destroy();
      return;
    }
    switch (packet.cmd) {
      case 'connect':
        this.#onConnect(packet);
        return;
      case 'publish':
        this.#onPublish(packet);
        return;
      case 'subscribe': {
        const granted = packet.subscriptions.map(({ topic }) => this.#subscribe(topic));
        this.send(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted }));
        return;
      }
      case 'unsubscribe':
        if (packet.unsubscriptions.includes(this.#reportTopic)) this.#subscribed = false;
        this.send(generate({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [] }));
        return;
      case 'pingreq':
        this.send(generate({ cmd: 'pingresp' }));
        return;
      case 'disconnect':
        this.socket.end();
        return;
      default:
        this.host.onStray(this, 'unexpected', packet.cmd);
    }
  }

  #onConnect(packet: IConnectPacket): void {
    this.clientId = packet.clientId;
    const verdict = this.#connected ? 'drop' : this.host.admit(this, packet);
    if (verdict === 'drop') {
      this.socket.destroy();
      return;
    }
    if (verdict === 'hang') return;
    if (verdict !== 'accept') {
      this.socket.end(generate({ cmd: 'connack', returnCode: verdict, sessionPresent: false }));
      return;
    }
    this.#connected = true;
    this.send(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
  }

  /** Any report topic is granted, the wrong one stays silent; request topics and wildcards are refused. */
  #subscribe(topic: string): number {
    if (!/^device\/[^/#+]+\/report$/.test(topic)) {
      this.host.onStray(this, 'subscription-refused', topic);
      return SUBACK_FAILURE;
    }
    if (topic === this.#reportTopic) this.#subscribed = true;
    else this.host.onStray(this, 'foreign-subscription', topic);
    return 0;
  }

  #onPublish(packet: IPublishPacket): void {
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    if (packet.qos > 0 && this.host.acknowledges(payload)) {
      this.send(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }));
    }
    if (packet.topic === this.#requestTopic) this.host.onRequest(this, payload);
    else this.host.onStray(this, 'foreign-publish', packet.topic);
  }
}
