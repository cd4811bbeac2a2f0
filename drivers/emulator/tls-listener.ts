/**
 * A TLS port of one printer that can be closed, refused, moved and given another certificate while it runs.
 *
 * Sockets are wrapped one by one (rather than by `tls.Server`) so that a certificate swapped by a fault holds from
 * the next connection on, and so that FTP can share one context between control and data channels.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { TruthRecorder } from './ground-truth.js';

export interface TlsListenerOptions {
  readonly service: 'mqtt' | 'ftp' | 'camera';
  /** Asked for every connection, after the TCP handshake. */
  readonly context: () => Promise<SecureContext>;
  /** True resets the connection before a byte is read. */
  readonly refuses: () => boolean;
  readonly onSecure: (socket: TLSSocket, context: SecureContext) => void;
  readonly record: TruthRecorder;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: TlsListenerOptions) {
    this.#options = options;
  }

  /** Binds and resolves with the real port. */
  async open(host: string, port: number): Promise<number> {
    const options = this.#options;
    const server = createServer({ noDelay: true }, (socket) => {
      this.#accept(socket).catch((error: unknown) => {
        options.record('tls', 'failed', { service: options.service, error: String(error) });
        socket.destroy();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: 64 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Cuts every connection, keeps listening. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.dropAll();
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #accept(raw: Socket): Promise<void> {
    this.#sockets.add(raw);
    raw.on('close', () => this.#sockets.delete(raw));
    // A peer may vanish at any moment; 'close' follows and is what counts.
    raw.on('error', () => undefined);
    if (this.#server === undefined || this.#options.refuses()) {
      raw.resetAndDestroy();
      return;
    }
    const context = await this.#options.context();
    if (raw.destroyed) return;
    const socket = new TLSSocket(raw, { isServer: true, secureContext: context });
    const giveUp = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    const failed = (error: Error): void => {
      if (!secure)
        this.#options.record('tls', 'failed', { service: this.#options.service, error: error.message });
    };
    let secure = false;
    socket.on('error', failed);
    socket.on('_tlsError', failed);
    socket.on('close', () => clearTimeout(giveUp));
    socket.once('secure', () => {
      secure = true;
      clearTimeout(giveUp);
      this.#options.record('tls', 'established', {
        service: this.#options.service,
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        reused: socket.isSessionReused(),
      });
      this.#options.onSecure(socket, context);
    });
  }
}
