import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { ErrorCode } from '../contract/errors.js';

/** Told of every answer, for figures. */
export interface HttpMeter {
  /** Asked once for each route, by its pattern; what it gives is told of each answer of the route. */
  route(method: string, pattern: string): (status: number, tookMs: number) => void;
  failed(code: ErrorCode): void;
}

/** Counts what every route answers that is made from here on. */
export function meterRoutes(app: FastifyInstance, meter: HttpMeter): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    const answered = meter.route([route.method].flat().join(','), route.url);
    const count = (_request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      answered(reply.statusCode, reply.elapsedTime);
      done();
    };
    route.onResponse = [count, ...[route.onResponse ?? []].flat()];
  });
}
