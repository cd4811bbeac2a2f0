import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { ERRORS } from '../../contract/errors.js';
import { OPERATORS } from '../../query/condition.js';
import type { Operation } from '../operation.js';
import { type JsonSchema, SchemaBook } from './json-schema.js';
import { fieldParameters, LIST_PARAMETERS } from './list-parameters.js';

/** An OpenAPI 3.1 document, as far as this program reads it again. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: JsonSchema;
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly [part: string]: unknown;
  };
  readonly [part: string]: unknown;
}
export type PathItem = Readonly<Record<string, JsonSchema>>;

const envelope = z
  .object({
    statusCode: z.int(),
    /** What is wrong, and what would be right. */
    message: z.string(),
    error: z.string(),
    code: z.enum(Object.keys(ERRORS)),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string(), expected: z.string(), value: z.unknown().optional() }))
      .optional(),
    allowed: z.array(z.string()).optional(),
    requiredPermissions: z.array(z.string()).optional(),
  })
  .meta({ id: 'Error' });

const INTRODUCTION = `Lists take one parameter per field: \`status=pending\`. Other operators stand behind a dot,
\`createdAt.gte=2026-01-01\`: ${OPERATORS.join(', ')}. \`POST …/search\` takes the same as a tree of \`and\`, \`or\` and
\`not\`. Every refusal has the form \`Error\`; its \`code\` is stable, its \`message\` says what would be right.`;

/** Describes the whole API from its operations, one at a time: whoever waits for something else goes between them. */
export async function describeApi(operations: readonly Operation[], version: string): Promise<ApiDocument> {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const one of operations) {
    await setImmediate();
    const path = templateOf(one);
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: describe(one, book) };
  }
  const error = book.write(envelope);
  return {
    openapi: '3.1.1',
    info: {
      title: 'printfarmd',
      version,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This farm' }],
    security: [{ key: [], store: [] }, { session: [] }],
    tags: [...new Set(operations.map(tagOf))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: book.named,
      parameters: LIST_PARAMETERS,
      responses: refusals(error),
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'authorization',
          description: 'The word `ApiKey`, a blank, and the whole key.',
        },
        store: { type: 'apiKey', in: 'header', name: 'x-printago-storeid', description: 'Id of the store.' },
        session: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of a session, as signing in with a passkey answers it.',
        },
      },
    },
  };
}

/** The path as OpenAPI writes it, which knows no parameter that holds slashes. */
export function templateOf({ path }: Pick<Operation, 'path'>): string {
  return path.replace('{+', '{');
}

/** `/v1/print-jobs/{id}` is about `print-jobs`; what this daemon alone has is about `local`. */
function tagOf({ path }: Operation): string {
  const [, first = '', second = ''] = path.split('/');
  return /^v\d+$/.test(first) ? second : first;
}

function describe(operation: Operation, book: SchemaBook): JsonSchema {
  const { id, summary, permissions, orPermission, body, open, usersOnly } = operation;
  const parameters = [...pathParameters(operation, book), ...queryParameters(operation, book)];
  return {
    operationId: id,
    summary,
    tags: [tagOf(operation)],
    ...(permissions.length > 0 ? { 'x-permissions': permissions } : {}),
    ...(orPermission ? { 'x-or-permission': orPermission } : {}),
    ...(open ? { security: [] } : usersOnly ? { security: [{ session: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(book.write(body)) } } : {}),
    responses: {
      [operation.status]: success(operation, book),
      ...Object.fromEntries(refusalsOf(operation).map((status) => [status, refusal(status)])),
    },
  };
}

function pathParameters({ path, params }: Operation, book: SchemaBook): readonly JsonSchema[] {
  const names = [...path.matchAll(/\{\+?(\w+)\}/g)].map((match) => match[1] ?? '');
  if (names.length === 0) return [];
  const properties = propertiesOf(book.write(params));
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name] ?? { type: 'string' },
  }));
}

function queryParameters({ method, path, lists, query }: Operation, book: SchemaBook): readonly JsonSchema[] {
  const own = query ? propertiesOf(book.write(query())) : {};
  const named = Object.entries(own).map(([name, schema]) => ({ name, in: 'query', schema }));
  if (!lists || method !== 'GET') return named;
  // What the path says already is not asked for twice.
  const said = new Set([...Object.keys(own), ...path.matchAll(/\w+(?=\})/g)].map(String));
  const fields = fieldParameters(lists).filter(({ name }) => !said.has(String(name)));
  const shared = Object.keys(LIST_PARAMETERS).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...named, ...fields, ...shared];
}

const properties = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return properties.parse(schema).properties;
}

function success({ answer }: Operation, book: SchemaBook): JsonSchema {
  if (answer === null) return { description: 'Done; the body is empty.' };
  if (answer === undefined) return { description: 'Done.', content: json({}) };
  if (typeof answer === 'function') return { description: 'Done.', content: json(book.write(answer())) };
  return { description: 'Done.', content: { [answer.mediaType]: {} } };
}

/** Statuses that an operation may refuse with, beside those that everything may. */
function refusalsOf(operation: Operation): readonly number[] {
  const { path, method, permissions, open, notYet } = operation;
  return [
    400,
    ...(open ? [] : [401]),
    ...(permissions.length > 0 ? [403] : []),
    ...(path.includes('{') || method !== 'GET' ? [404] : []),
    ...(method === 'GET' ? [] : [409, 413, 422]),
    ...(open ? [] : [429]),
    ...(notYet ? [501] : []),
  ];
}

function refusal(status: number): JsonSchema {
  return { $ref: `#/components/responses/${status}` };
}

function refusals(error: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const titles = new Map(Object.values(ERRORS).map(({ status, title }) => [status, title]));
  return Object.fromEntries(
    [...titles].map(([status, description]) => [status, { description, content: json(error) }]),
  );
}

function json(schema: JsonSchema): JsonSchema {
  return { 'application/json': { schema } };
}
