import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import type { Leaf } from '../../drivers/emulator/certificates.js';

/** Somebody at one address who took over a printer's ports, and notes every byte that is said to him. */
export interface Impostor {
  /** What was said to him inside TLS. */
  heard(): Buffer;
  /** How often somebody came, whether or not the handshake was completed. */
  met(): number;
  close(): Promise<void>;
}

/** @param ports where to listen; the same port twice is one */
export async function impostorAt(host: string, ports: readonly number[], leaf: Leaf): Promise<Impostor> {
  const heard: Buffer[] = [];
  const callers = new Set<TLSSocket>();
  let met = 0;
  const servers = [...new Set(ports)].map(async (port) => {
    const server = createServer(
      { cert: leaf.certificatePem, key: leaf.privateKeyPem, maxVersion: 'TLSv1.2' },
      (socket) => {
        callers.add(socket);
        socket
          .on('data', (chunk: Buffer) => heard.push(chunk))
          .on('error', () => undefined)
          .on('close', () => callers.delete(socket));
      },
    );
    server.on('connection', () => {
      met += 1;
    });
    server.on('tlsClientError', () => undefined);
    server.listen(port, host);
    await once(server, 'listening');
    return server;
  });
  const listening = await Promise.all(servers);
  return {
    heard: () => Buffer.concat(heard),
    met: () => met,
    async close() {
      for (const caller of callers) caller.destroy();
      await Promise.all(
        listening.map((server) => {
          server.close();
          return once(server, 'close');
        }),
      );
    },
  };
}
