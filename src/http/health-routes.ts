import type { FastifyInstance } from 'fastify';

export interface HealthReport {
  /** Each part by name: whether it is ready to serve. */
  readonly parts: Readonly<Record<string, boolean>>;
  readonly version: string;
  readonly uptimeS: number;
}

/** For people, load balancers and service managers. Says nothing that a stranger should not know. */
export function mountHealth(app: FastifyInstance, health: () => HealthReport): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { parts } = health();
    const ready = Object.values(parts).every(Boolean);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', parts });
  });
  app.get('/health', async () => {
    const { parts, version, uptimeS } = health();
    return {
      status: Object.values(parts).every(Boolean) ? 'ok' : 'degraded',
      version,
      uptimeSeconds: Math.floor(uptimeS),
    };
  });
}
