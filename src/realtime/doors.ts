import type { Duplex } from 'node:stream';
import {
  type CertificateText,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  listenPlain,
  listenTls,
  readCertificate,
  type ServerCertificate,
} from './listener.js';
import type { WebSockets } from './websocket.js';
import { listenWebSocket } from './websocket-listener.js';

export interface DoorsOptions {
  /** Null leaves the listener out. */
  readonly tls: (ListenAddress & ServerCertificate) | null;
  readonly plain: ListenAddress | null;
  readonly webSocket?: (ListenAddress & ServerCertificate) | null;
}

/** Ports that are bound; null where there is no listener. */
export interface BrokerPorts {
  readonly tls: number | null;
  readonly plain: number | null;
  readonly webSocket: number | null;
}

/** The broker's own listeners, opened and closed together. */
export class Doors {
  private readonly open = new Map<keyof BrokerPorts, Listener>();

  constructor(private readonly options: DoorsOptions) {}

  get ports(): BrokerPorts {
    const port = (name: keyof BrokerPorts) => this.open.get(name)?.port ?? null;
    return { tls: port('tls'), plain: port('plain'), webSocket: port('webSocket') };
  }

  /** @throws when a listener cannot be bound; nothing is left open then. */
  async start(
    limits: ListenerLimits,
    webSockets: WebSockets,
    onStream: (stream: Duplex, address: string) => void,
  ): Promise<void> {
    const { tls, plain, webSocket } = this.options;
    const onSocket = (socket: Duplex & { remoteAddress?: string | undefined }) =>
      onStream(socket, socket.remoteAddress ?? '');
    try {
      if (tls !== null)
        this.open.set('tls', await listenTls(tls, await readCertificate(tls), limits, onSocket));
      if (webSocket) {
        const certificate = await readCertificate(webSocket);
        this.open.set(
          'webSocket',
          await listenWebSocket(webSocket, certificate, limits, webSockets, onStream),
        );
      }
      if (plain !== null) this.open.set('plain', await listenPlain(plain, limits, onSocket));
    } catch (error) {
      await this.close();
      throw taken(error);
    }
  }

  /** Shows another certificate to whoever connects from now on. @throws when certificate and key do not fit */
  useCertificate(certificate: CertificateText): void {
    for (const listener of this.open.values()) listener.useCertificate(certificate);
  }

  async close(): Promise<void> {
    const listeners = [...this.open.values()];
    this.open.clear();
    await Promise.all(listeners.map((listener) => listener.close()));
  }
}

/** Says what can be done when a port is another program's. */
function taken(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  const port = 'port' in error ? `Port ${error.port}` : 'A port';
  const message = `${port} of MQTT is taken by another program. Stop it, or set mqtt.port, mqtt.websocket.port or mqtt.plain.port (0 lets the system choose).`;
  return Object.assign(new Error(message, { cause: error }), { code: error.code });
}
