import { once } from 'node:events';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Leaf } from '../../../drivers/emulator/certificates.js';
import { freshHost } from '../../fixtures/fresh-host.js';

/** A TLS server that keeps every byte it is sent after the handshake. */
export class Peer {
  readonly host = freshHost();
  readonly received: Buffer[] = [];
  readonly #server: Server;

  /** @param onData is called with every chunk */
  constructor(
    leaf: Leaf,
    options: TlsOptions = {},
    onData: (chunk: Buffer, socket: TLSSocket) => void = () => {},
  ) {
    this.#server = createServer(
      { cert: leaf.certificatePem, key: leaf.privateKeyPem, ...options },
      (socket) => {
        socket.on('data', (chunk: Buffer) => {
          this.received.push(chunk);
          onData(chunk, socket);
        });
        socket.on('error', () => socket.destroy());
      },
    );
  }

  async listen(): Promise<this> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  /** Resolves when every connection of the server has ended. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
