/** The data channel of one FTP transfer: a listener for one connection, encrypted or not (docs/protocol.md §8.2). */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { TlsRecordWatch } from './tls-record-watch.js';

const CONNECT_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a refused channel stays for the client to close it. */
const LINGER_MS = 1_000;

export interface DataChannel {
  readonly stream: Duplex;
  /** The TLS session was resumed; false on a clear channel. */
  readonly reused: boolean;
  /** Whether the peer ended its data in order, asked after the stream has ended. */
  readonly endedOrderly: () => boolean;
  destroy(): void;
  /** Reads on without keeping anything until the client closes, or for a second. */
  drain(): void;
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

  /**
   * Nothing will come of the transfer: lets the client read the reply on the control channel before the data channel
   * goes, since bytes it has sent already would turn a close into a reset.
   */
  retire(): void {
    this.#socket?.resume();
    this.#arrived = () => this.#socket?.resume();
    setTimeout(() => this.close(), LINGER_MS).unref();
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    this.#socket?.destroy();
    this.#arrived?.();
  }
}

export function clearChannel(socket: Socket): DataChannel {
  return {
    stream: socket,
    reused: false,
    endedOrderly: () => true,
    destroy: () => socket.destroy(),
    drain: () => drain(socket, () => socket.destroy()),
  };
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
  const destroy = (): void => {
    stream.destroy();
    watch.destroy();
  };
  return {
    stream,
    reused: stream.isSessionReused(),
    endedOrderly: () => watch.closedOrderly,
    destroy,
    drain: () => drain(stream, destroy),
  };
}

function drain(stream: Duplex, destroy: () => void): void {
  stream.resume();
  const timer = setTimeout(destroy, LINGER_MS).unref();
  stream.once('end', destroy);
  stream.once('close', () => clearTimeout(timer));
}
