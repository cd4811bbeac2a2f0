import type { IncomingMessage, Server } from 'node:http';

/**
 * Routes a HEAD as the GET that it asks about; Node keeps the body of its answer back by itself. A route of its own for
 * each would nearly double what a start has to build. Stored files have theirs: an address is signed for its method.
 */
export function routeHeadsAsGets(server: Server): void {
  server.prependListener('request', (request: IncomingMessage) => {
    if (request.method === 'HEAD' && !request.url?.startsWith('/storage/')) request.method = 'GET';
  });
}
