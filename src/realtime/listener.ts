import { readFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Entrance, Place } from './entrance.js';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServerCertificate {
  /** Certificate chain: PEM text, or the path of a file that holds it. */
  readonly certPem: string;
  /** Private key: PEM text, or the path of a file that holds it. */
  readonly keyPem: string;
}

/** Certificate and key as text. */
export interface CertificateText {
  readonly cert: string;
  readonly key: string;
}

export interface ListenerLimits {
  readonly entrance: Entrance;
  /** For the TLS handshake. */
  readonly handshakeMs: number;
}

/** `place` is null for a connection that has ended already. */
export type OnSocket = (socket: Socket, place: Place | null) => void;

/** A bound listener and the connections made to it. */
export interface Listener {
  readonly port: number;
  /** New handshakes use this certificate; connections that stand go on. @throws when certificate and key do not fit */
  useCertificate(certificate: CertificateText): void;
  /** Ends every connection, also those still in their handshake. */
  close(): Promise<void>;
}

/** TCP keeps dead peers from being held for ever where a client asked for no keep-alive of its own. */
const TCP_KEEPALIVE_MS = 60_000;

/** @throws when the address cannot be bound or certificate and key do not fit. */
export function listenTls(
  address: ListenAddress,
  certificate: CertificateText,
  limits: ListenerLimits,
  onSocket: OnSocket,
): Promise<Listener> {
  const server = createTlsServer({ ...tlsOptions(certificate), handshakeTimeout: limits.handshakeMs });
  const places = new PeerPlaces();
  server.on('secureConnection', (socket) => onSocket(socket, places.of(socket)));
  return listenSecurely(address, limits, server, places);
}

interface SecureServer {
  setSecureContext(options: ReturnType<typeof tlsOptions>): void;
  emit(event: 'connection', socket: Socket): boolean;
}

/** The places of connections, known by their peers: TLS shows another socket than came in. */
export class PeerPlaces {
  private readonly places = new Map<string, Place>();

  add(socket: Socket, place: Place): void {
    const peer = peerOf(socket);
    this.places.set(peer, place);
    // The same port may be its successor's by then.
    socket.once('close', () => this.places.get(peer) === place && this.places.delete(peer));
  }

  of(socket: Socket): Place | null {
    return this.places.get(peerOf(socket)) ?? null;
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Binds a port for what serves TLS. */
export function listenSecurely(
  address: ListenAddress,
  limits: ListenerLimits,
  server: SecureServer,
  places: PeerPlaces,
): Promise<Listener> {
  const enter = (socket: Socket, place: Place) => {
    places.add(socket, place);
    server.emit('connection', socket);
  };
  return listen(address, limits, enter, server);
}

/** @throws when the address cannot be bound. */
export function listenPlain(
  address: ListenAddress,
  limits: ListenerLimits,
  onSocket: OnSocket,
): Promise<Listener> {
  return listen(address, limits, onSocket, null);
}

export function tlsOptions({ cert, key }: CertificateText) {
  return { cert, key, minVersion: 'TLSv1.2' } as const;
}

/**
 * Binds a port and hands on who may come in.
 *
 * @param secure what serves TLS on these sockets
 */
async function listen(
  address: ListenAddress,
  { entrance }: ListenerLimits,
  enter: (socket: Socket, place: Place) => void,
  secure: { setSecureContext(options: ReturnType<typeof tlsOptions>): void } | null,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const place = entrance.admit(socket.remoteAddress ?? '', () => socket.destroy());
    if (place === null) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      place.leave();
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    enter(socket, place);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
    });
  });
  return {
    port,
    useCertificate: (certificate) => secure?.setSecureContext(tlsOptions(certificate)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** @throws when a file cannot be read */
export async function readCertificate({ certPem, keyPem }: ServerCertificate): Promise<CertificateText> {
  const [cert, key] = await Promise.all([readPem(certPem), readPem(keyPem)]);
  return { cert, key };
}

function readPem(textOrPath: string): Promise<string> {
  return textOrPath.includes('-----BEGIN') ? Promise.resolve(textOrPath) : readFile(textOrPath, 'utf8');
}
