import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Headers of answers that a page may read beside those that every page may. */
const READABLE = [
  'x-request-id',
  'x-total-count',
  'x-has-more',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'retry-after',
].join(', ');
const SENDABLE = 'authorization, x-printago-storeid, content-type, x-request-id, x-audit-reason';
const PREFLIGHT_S = 600;

/**
 * Lets pages of the named origins call the API. Others get no word of it, and their browsers keep the answer from them:
 * with no origin named, which is how a farm begins, no foreign page can use the API.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  const originOf = ({ headers }: FastifyRequest) =>
    headers.origin !== undefined && allowed.has(headers.origin) ? headers.origin : null;

  app.addHook('onRequest', async (request, reply) => {
    // Caches must not give one page's answer to another.
    reply.header('vary', 'Origin');
    const origin = originOf(request);
    if (origin === null) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', READABLE);
  });

  app.options('/*', async (request, reply) => {
    if (originOf(request) !== null)
      reply
        .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
        .header('access-control-allow-headers', SENDABLE)
        .header('access-control-max-age', PREFLIGHT_S);
    return reply.code(204).send();
  });
}
