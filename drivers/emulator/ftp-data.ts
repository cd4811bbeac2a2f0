/** The data channel of one FTP transfer: a listener for one connection, encrypted or not (docs/protocol.md §8.2). */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { TlsRecordWatch } from './tls-record-watch.js';

const CONNECT_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface DataChannel {
  readonly stream: Duplex;
  /** The TLS session was resumed; false on a clear channel. */
  readonly reused: boolean;
  /** Whether the peer ended its data in order, asked after the stream has ended. */
  readonly endedOrderly: () => boolean;
  destroy(): void;
}

export class PassiveListener {
  #server: Server | undefined;
  #socket: Socket | undefined;
  #arrived: (() => void) | undefined;

  /** Binds a free port and resolves with it. */
  async open(host: string): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      // One connection only, and errors show as the stream's end.
      socket.on('error', () => undefined);
      if (this.#socket !== undefined) {
        socket.destroy();
        return;
      }
      this.#socket = socket;
      socket.pause();
      this.#arrived?.();
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: 0 }, resolve);
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The client's connection, null when none comes in time. */
  async connection(): Promise<Socket | null> {
    if (this.#socket === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CONNECT_TIMEOUT_MS);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#socket ?? null;
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#socket?.destroy();
    this.#arrived?.();
  }
}

export function clearChannel(socket: Socket): DataChannel {
  return { stream: socket, reused: false, endedOrderly: () => true, destroy: () => socket.destroy() };
}

/** Runs the TLS handshake on a data connection; null when it fails or takes too long. */
export async function secureChannel(socket: Socket, context: SecureContext): Promise<DataChannel | null> {
  const watch = new TlsRecordWatch(socket);
  watch.on('error', () => undefined);
  const stream = new TLSSocket(watch, { isServer: true, secureContext: context });
  stream.on('error', () => undefined);
  const secure = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), HANDSHAKE_TIMEOUT_MS);
    const settle = (established: boolean): void => {
      clearTimeout(timer);
      resolve(established);
    };
    stream.once('secure', () => settle(true));
    stream.once('close', () => settle(false));
  });
  if (!secure) {
    stream.destroy();
    watch.destroy();
    return null;
  }
  return {
    stream,
    reused: stream.isSessionReused(),
    endedOrderly: () => watch.closedOrderly,
    destroy: () => {
      stream.destroy();
      watch.destroy();
    },
  };
}
