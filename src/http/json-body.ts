import type { FastifyInstance } from 'fastify';
import { ApiError } from '../contract/errors.js';
import type { ExpectContinue } from './expect-continue.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a form with files. */
    form?: boolean;
  }
}

/** Far deeper than anything the API takes; what is deeper only wants to exhaust somebody's stack. */
const MAX_DEPTH = 64;

/** Reads JSON bodies: an empty one is no body, a slow one is cut off, a broken one is told so. */
export function jsonBodies(app: FastifyInstance, timeoutMs: number, expect: ExpectContinue): void {
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', async (request, reply, payload) => {
    expect.goOn(request.raw, reply.raw);
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
    if (length === '0' && encoding === undefined) return payload;
    const timer = setTimeout(() => request.raw.destroy(), timeoutMs);
    payload.once('end', () => clearTimeout(timer));
    payload.once('close', () => clearTimeout(timer));
    return payload;
  });
  // What such a form holds is read by the operation that takes one.
  app.addContentTypeParser(/^multipart\/form-data\b/, (request, _payload, done) => {
    if (request.routeOptions.config.form === true) done(null, undefined);
    else done(new ApiError('wrong_content_type', 'Request body type is not application/json'));
  });
  app.addContentTypeParser(
    /^application\/([\w.-]+\+)?json\b/,
    { parseAs: 'string' },
    (_request, text, done) => {
      try {
        done(null, parseBody(String(text)));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  );
}

/** @returns undefined for an empty body. @throws ApiError malformed_json */
export function parseBody(text: string): unknown {
  // Some shells put a byte order mark before what they send.
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  if (body.trim() === '') return undefined;
  refuseUnsafe(body);
  try {
    return JSON.parse(body);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError('malformed_json', `The request body is not JSON: ${why}`);
  }
}

/** Depth and NUL characters, found in the text: the parser takes both, and they do harm beyond it. */
function refuseUnsafe(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') {
        if (text.startsWith('\\u0000', at))
          throw new ApiError('malformed_json', 'A text in the request body holds a NUL character');
        at += 1;
      } else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > MAX_DEPTH)
        throw new ApiError('malformed_json', `The request body is nested deeper than ${MAX_DEPTH} levels`);
    } else if (char === '}' || char === ']') depth -= 1;
  }
}
