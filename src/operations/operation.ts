import type { z } from 'zod';
import type { Permission } from '../contract/permissions.js';
import type { Actor, WriteContext } from '../database/change.js';
import type { Parameters } from '../query/parse-get.js';
import type { Resource } from '../resources/resource.js';

/** Whoever is calling, once known. */
export interface Caller {
  readonly storeId: string;
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  /** Of a user who is signed in. */
  readonly sessionId?: string;
}

/** One call, as an operation sees it: who, and in whose name it writes. Knows no HTTP. */
export interface CallContext {
  readonly caller: Caller;
  readonly write: WriteContext;
  /** Ends when the caller hangs up or the daemon stops. */
  readonly signal: AbortSignal;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Input<Params, Body> {
  readonly params: Params;
  readonly query: Parameters;
  readonly body: Body;
}

/** An answer with headers of its own, such as the counts beside a plain list. */
export class Answer {
  constructor(
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>>,
  ) {}
}

/** Answered byte for byte, not as JSON; `headers` name its type. */
export class Content {
  constructor(
    readonly bytes: Buffer,
    readonly headers: Readonly<Record<string, string>> & { readonly 'content-type': string },
  ) {}
}

/** Answered with an empty body, as the contract says of some operations. */
export const NOTHING: unique symbol = Symbol('nothing');

/**
 * The shape of an answer: a schema, the media type of bytes, or null for an empty body. A schema is asked for only when
 * the API is described, so that it costs nothing at the start.
 */
export type AnswerShape = (() => z.ZodType) | { readonly mediaType: string } | null;

/**
 * One thing the API does, declared with all its parts. `run` gets what passed the schemas and answers plain data.
 */
export interface Operation<Params = unknown, Body = unknown> {
  /** Such as `parts.create`; unique. */
  readonly id: string;
  readonly method: Method;
  /** With `{name}` for parameters; a last `{+name}` takes the rest of the path with its slashes. */
  readonly path: string;
  readonly status: 200 | 201;
  readonly summary: string;
  /** All are needed. Empty: any authenticated caller. */
  readonly permissions: readonly Permission[];
  /** Lets a caller in who lacks some of them; `run` then gives no more than this permission allows. */
  readonly orPermission?: Permission;
  /** What it is called in the audit log where its id does not say it: `build.v2.create`. */
  readonly audit?: string;
  readonly params: z.ZodType<Params>;
  readonly body: z.ZodType<Body> | null;
  /** Takes a form with files in place of JSON. */
  readonly form?: true;
  /** An object of the query parameters, to describe them; those of a list come by `lists`. */
  readonly query?: () => z.ZodType;
  readonly answer?: AnswerShape;
  /** The entity whose fields a list or a search filters and sorts by. */
  readonly lists?: Resource;
  /** Needs no credentials: whoever calls is a stranger without permissions, and is not counted. */
  readonly open?: true;
  /** Is about the caller as a person: for users who are signed in, never for an API key. */
  readonly usersOnly?: true;
  /** Declared whole, but what it does is not built: it answers 501. */
  readonly notYet?: true;
  /** Kept for programs written against an older interface: served, but no part of the described API. */
  readonly older?: true;
  run(input: Input<Params, Body>, context: CallContext): Promise<unknown>;
}

/** What an operation is called in the audit log: `printJob.retry` for `printJobs.retry`. */
export function auditName({ audit, id }: Operation): string {
  return audit ?? id.replace(/^local\./, '').replace(/^(\w+)s\./, '$1.');
}

/** Declares an operation; gives its handler the types of its schemas. */
export function operation<Params, Body>(definition: Operation<Params, Body>): Operation<Params, Body> {
  return Object.freeze(definition);
}
