import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls';
import { Aedes } from 'aedes';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { createWebSocketStream, WebSocketServer } from 'ws';

export interface FarMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** Somebody else's broker: keeps what is retained over its restarts, and what was published to it, in order. */
export class FarBroker {
  readonly messages: FarMessage[] = [];
  readonly clientIds: string[] = [];
  /** By topic what stands there. */
  readonly retained = new Map<string, string>();
  password: string | null = null;
  private readonly waiting = new Set<() => void>();
  private readonly sockets = new Set<Duplex>();
  private keeping = false;
  private aedes: Aedes | null = null;
  private server: Server | null = null;
  private port = 0;

  get url(): string {
    return `${this.kind}://127.0.0.1:${this.port}${this.kind.startsWith('ws') ? '/mqtt' : ''}`;
  }

  constructor(
    private readonly kind: 'mqtt' | 'mqtts' | 'ws' | 'wss' = 'mqtt',
    private readonly tls: SecureContextOptions = {},
  ) {}

  get connections(): number {
    return this.sockets.size;
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authenticate: (client, _user, password, done) => {
        this.clientIds.push(client.id);
        const right = this.password === null || password?.toString() === this.password;
        // 4: bad user name or password.
        done(right ? null : Object.assign(new Error('refused'), { returnCode: 4 }), right);
      },
      authorizePublish: (client, packet, done) => {
        if (client !== null) this.note(packet.topic, packet.payload.toString(), packet.qos, packet.retain);
        done(null);
      },
    });
    this.aedes = aedes;
    for (const [topic, payload] of this.retained) await this.keep(topic, payload);
    // The last will is no client's publish any more.
    aedes.on('publish', (packet, client) => {
      if (client === null && !this.keeping && !packet.topic.startsWith('$SYS')) {
        this.note(packet.topic, packet.payload.toString(), packet.qos, packet.retain);
      }
    });
    const server = this.listener((stream) => {
      this.sockets.add(stream);
      stream.on('error', () => {});
      stream.once('close', () => this.sockets.delete(stream));
      aedes.handle(stream);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
    this.server = server;
  }

  private listener(accept: (stream: Duplex) => void): Server {
    const { kind, tls } = this;
    if (kind === 'mqtt') return createServer(accept);
    if (kind === 'mqtts') return createTlsServer({ ...tls }, accept);
    const server = kind === 'ws' ? createHttpServer() : createHttpsServer({ ...tls });
    const sockets = new WebSocketServer({ server, path: '/mqtt', handleProtocols: () => 'mqtt' });
    sockets.on('connection', (socket) => accept(createWebSocketStream(socket)));
    return server;
  }

  /** Something that stands there from before. */
  async keep(topic: string, payload: string): Promise<void> {
    this.retained.set(topic, payload);
    const { aedes } = this;
    if (aedes === null) return;
    this.keeping = true;
    await new Promise<void>((resolve, reject) => {
      const packet = { cmd: 'publish', topic, payload, retain: true, qos: 0, dup: false } as const;
      aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
    this.keeping = false;
  }

  async stop(): Promise<void> {
    const { aedes, server } = this;
    this.aedes = null;
    this.server = null;
    this.cut();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
    if (aedes !== null) await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /** Cuts everybody off without a word. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Waits until what has been published fulfils the condition. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const go = () => {
          this.waiting.delete(go);
          resolve();
        };
        this.waiting.add(go);
      });
    }
  }

  /** Payloads published on a topic so far. */
  on(topic: string): string[] {
    return this.messages.filter((message) => message.topic === topic).map(({ payload }) => payload);
  }

  private note(topic: string, payload: string, qos: number, retain: boolean): void {
    this.messages.push({ topic, payload, qos, retain });
    if (retain && payload !== '') this.retained.set(topic, payload);
    else if (retain) this.retained.delete(topic);
    for (const go of [...this.waiting]) go();
  }
}

export interface Manners {
  /** Return code of CONNACK; null never answers. */
  readonly connack: number | null;
  readonly acknowledges: boolean;
  /** False takes nothing from the socket once somebody is let in. */
  readonly reads: boolean;
  /** Cuts the connection right after it let somebody in. */
  readonly cuts: boolean;
  /** Cuts the connection over a message with more bytes. */
  readonly largest?: number;
  /** Sends what no client can read once it let somebody in. */
  readonly babbles?: boolean;
}

/** A broker with bad manners. */
export class RudeBroker {
  readonly packets: Packet[] = [];
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly waiting = new Set<() => void>();
  private server: Server | null = null;
  port = 0;

  constructor(private readonly manners: Manners) {}

  async start(): Promise<void> {
    const server = createServer((socket) => this.serve(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    for (const socket of this.sockets) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const go = () => {
          this.waiting.delete(go);
          resolve();
        };
        this.waiting.add(go);
      });
    }
  }

  /** Takes again what is sent to it. */
  readAgain(): void {
    for (const socket of this.sockets) socket.resume();
  }

  private serve(socket: Socket): void {
    const { connack, acknowledges, reads, cuts, babbles, largest = Number.POSITIVE_INFINITY } = this.manners;
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on('packet', (packet) => {
      this.packets.push(packet);
      if (packet.cmd === 'connect' && connack !== null) {
        socket.write(mqttPacket.generate({ cmd: 'connack', returnCode: connack, sessionPresent: false }));
        if (!reads) socket.pause();
        if (cuts) socket.end();
        if (babbles === true) socket.write(Buffer.from([0xf3, 0x00, 0xff, 0xff, 0xff, 0xff]));
      }
      if (packet.cmd === 'publish' && packet.payload.length > largest) socket.destroy();
      else if (packet.cmd === 'publish' && packet.qos === 1 && acknowledges) {
        socket.write(mqttPacket.generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }));
      }
      for (const go of [...this.waiting]) go();
    });
    socket.on('data', (chunk) => void parser.parse(chunk));
    for (const go of [...this.waiting]) go();
  }
}
