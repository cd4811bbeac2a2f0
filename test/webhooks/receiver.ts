import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A call that arrived. */
export interface Call {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Milliseconds of the process's clock. */
  readonly at: number;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly calls: Call[];
  /** Connections that were made. */
  readonly connections: number;
  /** What it does with calls from now on. */
  answer: Answer;
  /** Resolves once so many calls have arrived. */
  arrived(count: number): Promise<void>;
  /** Ends every connection, as a receiver does with those that rest. */
  endConnections(): void;
  stop(): Promise<void>;
}

/** A status, or whatever a receiver may do. `count` is the number of the call, from 1. */
export type Answer = number | ((call: Call, response: ServerResponse, count: number) => void);

/** Takes webhooks on a loopback address. */
export async function receiver(host: string, answer: Answer = 200, port = 0): Promise<Receiver> {
  const calls: Call[] = [];
  const waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const call = { path, headers, body: Buffer.concat(chunks).toString(), at: performance.now() };
      calls.push(call);
      if (typeof made.answer === 'number') response.writeHead(made.answer).end();
      else made.answer(call, response, calls.length);
      for (const one of waiting) {
        if (calls.length < one.count) continue;
        waiting.delete(one);
        one.resolve();
      }
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const made: Receiver = {
    url: `http://${host}:${bound}/hook`,
    port: bound,
    calls,
    get connections() {
      return connections;
    },
    answer,
    arrived: (count) =>
      calls.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.add({ count, resolve });
          }),
    endConnections() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return made;
}
