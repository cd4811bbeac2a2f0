import { readFile } from 'node:fs/promises';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface TlsAddress extends ListenAddress {
  /** Certificate chain: PEM text, or the path of a file that holds it. */
  readonly certPem: string;
  /** Private key: PEM text, or the path of a file that holds it. */
  readonly keyPem: string;
}

export interface ListenerLimits {
  readonly maxConnections: number;
  /** For the TLS handshake. */
  readonly handshakeMs: number;
}

export type OnSocket = (socket: Socket) => void;

/** TCP keeps dead peers from being held for ever where a client asked for no keep-alive of its own. */
const TCP_KEEPALIVE_MS = 60_000;

/** @throws when the address cannot be bound or certificate and key do not fit. */
export async function listenTls(
  address: TlsAddress,
  limits: ListenerLimits,
  onSocket: OnSocket,
): Promise<Listener> {
  const [cert, key] = await Promise.all([readPem(address.certPem), readPem(address.keyPem)]);
  const server = createTlsServer({ cert, key, minVersion: 'TLSv1.2', handshakeTimeout: limits.handshakeMs });
  server.on('secureConnection', onSocket);
  return listen(server, address, limits);
}

/** @throws when the address cannot be bound. */
export function listenPlain(
  address: ListenAddress,
  limits: ListenerLimits,
  onSocket: OnSocket,
): Promise<Listener> {
  return listen(createPlainServer(onSocket), address, limits);
}

/** A bound server and the connections made to it. */
export class Listener {
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** Ends every connection, also those still in their handshake. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      for (const socket of this.sockets) socket.destroy();
    });
  }
}

function listen(server: Server, address: ListenAddress, limits: ListenerLimits): Promise<Listener> {
  server.maxConnections = limits.maxConnections;
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve(new Listener(server, typeof bound === 'object' && bound !== null ? bound.port : address.port));
    });
  });
}

function readPem(textOrPath: string): Promise<string> {
  return textOrPath.includes('-----BEGIN') ? Promise.resolve(textOrPath) : readFile(textOrPath, 'utf8');
}
