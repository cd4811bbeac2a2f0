import type { FastifyInstance } from 'fastify';
import { listOf, plainAddress } from '../operations/access/address.js';
import type { Gate } from './gate.js';

export interface Metrics {
  /** Figures in Prometheus' text format. */
  readonly text: () => Promise<string>;
  /** Addresses and ranges that may read them without a key. */
  readonly allow: readonly string[];
}

/** Figures name printers and tell how much is printed: what a key needs to see both. */
const PERMISSIONS = ['printer.view', 'queue.view'] as const;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `GET /metrics`, for Prometheus: with a key, or from an address that was named. */
export function mountMetrics(app: FastifyInstance, gate: Gate, { text, allow }: Metrics): void {
  const allowed = listOf(allow);
  app.get('/metrics', async (request, reply) => {
    const address = plainAddress(request.ip);
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (!allowed.check(address, family)) await gate.admitKey(PERMISSIONS, request, reply);
    return reply
      .header('content-type', CONTENT_TYPE)
      .header('cache-control', 'no-store')
      .send(await text());
  });
}
