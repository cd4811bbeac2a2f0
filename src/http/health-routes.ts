import type { FastifyInstance } from 'fastify';

export interface PartHealth {
  readonly name: string;
  /** Why it is not ready, in words fit for strangers; null when it is. */
  readonly missing: string | null;
  /** The daemon serves without it: shown, and nothing else. */
  readonly beside?: true;
}

export interface HealthReport {
  readonly parts: readonly PartHealth[];
  readonly version: string;
  readonly uptimeS: number;
}

/** For people, load balancers and service managers. Says nothing that a stranger should not know. */
export function mountHealth(app: FastifyInstance, health: () => HealthReport): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { parts } = health();
    const ready = isReady(parts);
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      parts: Object.fromEntries(parts.map(({ name, missing }) => [name, missing === null])),
      reasons: Object.fromEntries(
        parts.flatMap(({ name, missing }) => (missing === null ? [] : [[name, missing]])),
      ),
    });
  });
  app.get('/health', async () => {
    const { parts, version, uptimeS } = health();
    return {
      status: isReady(parts) ? 'ok' : 'degraded',
      version,
      uptimeSeconds: Math.floor(uptimeS),
    };
  });
}

function isReady(parts: readonly PartHealth[]): boolean {
  return parts.every(({ missing, beside }) => missing === null || beside === true);
}
