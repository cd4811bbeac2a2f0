import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import type { Deps } from '../deps.js';
import { Content, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { ApiBook } from './api-book.js';
import { PAGE_POLICY } from './docs-page.js';
import { apiHint } from './hints.js';

const restOfPath = z.object({ path: z.string().min(1).max(1_024) });

const reading = { method: 'GET', status: 200, permissions: [], open: true, body: null } as const;

/** What the API says of itself, to anyone: it tells nothing of the farm. */
export function introspectionOperations({ hints, settings }: Deps): Operation[] {
  const book = new ApiBook(hints, settings.version);
  const object = () => z.record(z.string(), z.unknown());

  const allHints = operation({
    ...reading,
    id: 'hints.all',
    path: '/v1/hints',
    summary: 'What may be done next, by the path of each list',
    params: noParams,
    answer: () => z.record(z.string(), z.array(apiHint)),
    run: book.allHints,
  });

  const pathHints = operation({
    ...reading,
    id: 'hints.path',
    path: '/v1/hints/path/{+path}',
    summary: 'What may be done next at one path',
    params: restOfPath,
    answer: () => z.object({ path: z.string(), hints: z.array(apiHint) }),
    async run({ params }) {
      const path = await book.templateOf(params.path);
      return { path, hints: book.withBodies(hints.of(path)) };
    },
  });

  const types = operation({
    ...reading,
    id: 'hints.types',
    path: '/v1/hints/schema/types',
    summary: 'The names of the shapes in which the API answers',
    params: noParams,
    answer: () => z.array(z.string()),
    run: () => book.typeNames(),
  });

  const type = operation({
    ...reading,
    id: 'hints.type',
    path: '/v1/hints/schema/types/{typeName}',
    summary: 'One shape as JSON Schema, with all that it refers to',
    params: z.object({ typeName: z.string().min(1).max(200) }),
    answer: object,
    async run({ params }) {
      const found = await book.type(params.typeName);
      if (found) return found;
      throw new ApiError('not_found', `There is no type ${JSON.stringify(params.typeName)}`, {
        allowed: await book.typeNames(),
      });
    },
  });

  const paths = operation({
    ...reading,
    id: 'hints.paths',
    path: '/v1/hints/schema/paths',
    summary: 'Every path of the API',
    params: noParams,
    answer: () => z.array(z.string()),
    run: () => book.paths(),
  });

  const path = operation({
    ...reading,
    id: 'hints.pathSchema',
    path: '/v1/hints/schema/paths/{+path}',
    summary: 'What one path takes and answers, by method',
    params: restOfPath,
    answer: object,
    run: ({ params }) => book.path(params.path),
  });

  const document = operation({
    ...reading,
    id: 'local.openapi',
    path: '/swagger.json',
    summary: 'This description: OpenAPI 3.1',
    params: noParams,
    answer: object,
    run: async () =>
      new Content(await book.documentBytes(), {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-cache',
      }),
  });

  const page = operation({
    ...reading,
    id: 'local.docs',
    path: '/docs',
    summary: 'This description as a page to read',
    params: noParams,
    answer: { mediaType: 'text/html' },
    run: async () =>
      new Content(await book.pageBytes(), {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': PAGE_POLICY,
        'referrer-policy': 'no-referrer',
      }),
  });

  return [allHints, pathHints, types, type, paths, path, document, page];
}
