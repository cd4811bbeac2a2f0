import type { FastifyInstance } from 'fastify';
import { ApiError } from '../contract/errors.js';

/** Reads JSON bodies: an empty one is no body, a slow one is cut off, a broken one is told so. */
export function jsonBodies(app: FastifyInstance, timeoutMs: number): void {
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', async (request, _reply, payload) => {
    const timer = setTimeout(() => request.raw.destroy(), timeoutMs);
    payload.once('end', () => clearTimeout(timer));
    payload.once('close', () => clearTimeout(timer));
    return payload;
  });
  app.addContentTypeParser(
    /^application\/([\w.-]+\+)?json\b/,
    { parseAs: 'string' },
    (_request, text, done) => {
      const body = String(text);
      if (body.trim() === '') return done(null, undefined);
      try {
        const parsed: unknown = JSON.parse(body);
        return done(null, parsed);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return done(new ApiError('malformed_json', `The request body is not JSON: ${why}`));
      }
    },
  );
}
