import type { Duplex } from 'node:stream';
import type { Place } from './entrance.js';
import {
  type CertificateText,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  listenPlain,
  listenTls,
  type OnSocket,
  readCertificate,
  type ServerCertificate,
} from './listener.js';
import type { RealtimeLog } from './log.js';
import type { WebSockets } from './websocket.js';
import { listenWebSocket } from './websocket-listener.js';

export interface DoorsOptions {
  /** Null leaves the listener out. */
  readonly tls: (ListenAddress & ServerCertificate) | null;
  readonly plain: ListenAddress | null;
  /** What cannot be bound is tried again: the farm does not stand still for it. */
  readonly webSocket?: (ListenAddress & ServerCertificate) | null;
  /** Milliseconds between these tries; 30,000 unless given. */
  readonly tryAgainMs?: number;
}

/** Ports that are bound; null where there is no listener. */
export interface BrokerPorts {
  readonly tls: number | null;
  readonly plain: number | null;
  readonly webSocket: number | null;
}

/** `place` is to be kept when the client has logged in. */
export type OnStream = (stream: Duplex, address: string, place: Place | null) => void;

const SETTINGS = { tls: 'mqtt.port', webSocket: 'mqtt.websocket.port', plain: 'mqtt.plain.port' } as const;
const TRY_AGAIN_MS = 30_000;
/** It is told at once, and then so often, that a listener is still missing. */
const TELL_EVERY_MS = 3_600_000;

/** The broker's own listeners, opened and closed together. */
export class Doors {
  private readonly open = new Map<keyof BrokerPorts, Listener>();
  /** What the next try to open a listener waits for. */
  private again: NodeJS.Timeout | null = null;
  /** Null until another certificate than that of the files is shown. */
  private certificate: CertificateText | null = null;
  private running = false;

  constructor(
    private readonly options: DoorsOptions,
    private readonly log: RealtimeLog,
  ) {}

  get ports(): BrokerPorts {
    const port = (name: keyof BrokerPorts) => this.open.get(name)?.port ?? null;
    return { tls: port('tls'), plain: port('plain'), webSocket: port('webSocket') };
  }

  /** @throws when a listener that the daemon cannot do without cannot be bound; nothing is left open then. */
  async start(limits: ListenerLimits, webSockets: WebSockets, onStream: OnStream): Promise<void> {
    const { tls, plain, webSocket } = this.options;
    this.running = true;
    const onSocket: OnSocket = (socket, place) => onStream(socket, socket.remoteAddress ?? '', place);
    try {
      if (tls !== null) {
        const certificate = await readCertificate(tls);
        await this.bind('tls', () => listenTls(tls, certificate, limits, onSocket));
      }
      if (plain !== null) await this.bind('plain', () => listenPlain(plain, limits, onSocket));
      if (webSocket) {
        const listenThere = async () => {
          const certificate = this.certificate ?? (await readCertificate(webSocket));
          return listenWebSocket(webSocket, certificate, limits, webSockets, onStream);
        };
        await this.bindSooner(webSocket, listenThere, Number.NEGATIVE_INFINITY);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Shows another certificate to whoever connects from now on. @throws when certificate and key do not fit */
  useCertificate(certificate: CertificateText): void {
    for (const listener of this.open.values()) listener.useCertificate(certificate);
    this.certificate = certificate;
  }

  async close(): Promise<void> {
    this.running = false;
    if (this.again !== null) clearTimeout(this.again);
    this.again = null;
    const listeners = [...this.open.values()];
    this.open.clear();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  private async bind(name: keyof BrokerPorts, listen: () => Promise<Listener>): Promise<void> {
    let listener: Listener;
    try {
      listener = await listen();
    } catch (error) {
      throw taken(error, SETTINGS[name]);
    }
    if (this.running) this.open.set(name, listener);
    else await listener.close();
  }

  /** Opens the WebSocket's listener now, or else as soon as it can be. @throws what another try does not mend */
  private async bindSooner(
    { host, port }: ListenAddress,
    listen: () => Promise<Listener>,
    toldAt: number,
  ): Promise<void> {
    try {
      await this.bind('webSocket', listen);
      if (this.running && toldAt > 0) this.log.info({ host, port }, 'MQTT over WebSocket listens now');
    } catch (error) {
      if (!isOfListening(error)) throw error;
      const now = performance.now();
      const tell = now - toldAt >= TELL_EVERY_MS;
      if (tell) this.log.error({ err: error, host, port }, `${NO_WEBSOCKET}: ${error.message}`);
      if (!this.running) return;
      this.again = setTimeout(() => {
        this.bindSooner({ host, port }, listen, tell ? now : toldAt).catch((fault: unknown) =>
          this.log.error({ err: fault, host, port }, NO_WEBSOCKET),
        );
      }, this.options.tryAgainMs ?? TRY_AGAIN_MS);
    }
  }
}

const NO_WEBSOCKET = 'the farm runs without MQTT over WebSocket, which is tried again';

/** Another program has the port, or the machine does not have the address, yet. */
function isOfListening(error: unknown): error is Error {
  return (
    error instanceof Error && 'syscall' in error && ['listen', 'getaddrinfo'].includes(String(error.syscall))
  );
}

/** Says what can be done when a port is another program's. */
function taken(error: unknown, setting: string): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  const port = 'port' in error ? `Port ${error.port}` : 'A port';
  const message = `${port} of MQTT is taken by another program. Stop it, or set ${setting} (0 lets the system choose).`;
  return Object.assign(new Error(message, { cause: error }), { code: error.code, syscall: 'listen' });
}
