import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../contract/errors.js';
import type { WriteContext } from '../database/change.js';
import { plainAddress } from '../operations/access/address.js';
import {
  Answer,
  auditName,
  type CallContext,
  type Caller,
  Content,
  NOTHING,
  type Operation,
} from '../operations/operation.js';
import { parseInput } from './errors.js';
import type { Gate } from './gate.js';

export interface MountOptions {
  readonly operations: readonly Operation[];
  readonly gate: Gate;
  /** Runs what answers a request, so that links are made for its caller. */
  readonly within: <T>(request: FastifyRequest, fn: () => T) => T;
}

const CALLER = 'caller';

/** Gives every operation its route: who calls, may they, is the input right, run, answer. */
export function mountOperations(app: FastifyInstance, options: MountOptions): void {
  const { gate } = options;
  app.decorateRequest<Caller | null>(CALLER, null);
  for (const operation of options.operations) {
    const rest = REST.exec(operation.path)?.[1];
    const action = auditName(operation);
    app.route({
      method: operation.method,
      url: routeOf(operation),
      config: { form: operation.form === true },
      onRequest: (request, reply, done) => {
        const enter = (caller: Caller) => {
          request.setDecorator(CALLER, caller);
          done();
        };
        try {
          const admitted = gate.admit(operation, request, reply);
          if (admitted instanceof Promise) admitted.then(enter, done);
          else enter(admitted);
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
      handler: async (request, reply) => {
        const caller = request.getDecorator<Caller | null>(CALLER);
        if (!caller) throw new Error('A request came past the gate');
        const input = {
          params: parseInput(operation.params, paramsOf(rest, request.params), '$params'),
          query: parametersOf(request),
          body: operation.body ? parseInput(operation.body, request.body, '$input') : undefined,
        };
        const context = new RequestContext(caller, request, reply, action);
        return answer(reply, operation, await options.within(request, () => operation.run(input, context)));
      },
    });
  }
}

/** The path as the router writes it. */
function routeOf({ path }: Operation): string {
  return path.replace(REST, '*').replaceAll(/\{(\w+)\}/g, ':$1');
}

const REST = /\{\+(\w+)\}$/;

/** The router calls the rest of a path `*`. */
function paramsOf(rest: string | undefined, params: unknown): unknown {
  if (typeof params !== 'object' || params === null) return params;
  if (Object.values(params).some((value) => String(value).includes('\0')))
    throw new ApiError('validation_failed', 'The path holds a NUL character');
  if (rest === undefined) return params;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name === '*' ? rest : name, value]),
  );
}

/** Query parameters in order, repeated ones kept: a record would lose both. */
function parametersOf(request: FastifyRequest): readonly (readonly [string, string])[] {
  const { url } = request;
  const mark = url.indexOf('?');
  const parameters = mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))];
  if (parameters.some(([name, value]) => name.includes('\0') || value.includes('\0')))
    throw new ApiError('validation_failed', 'A query parameter holds a NUL character');
  return parameters;
}

/**
 * What an operation knows of its call. Most only read: what they do not ask for is not made. A class, for an object with
 * getters of its own would cost a request more than letting its caller in.
 */
class RequestContext implements CallContext {
  /** Asked at once: later its connection may be gone. */
  readonly #address: string;
  #gone: AbortController | null = null;
  #write: WriteContext | null = null;

  constructor(
    readonly caller: Caller,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    private readonly action: string,
  ) {
    this.#address = plainAddress(request.ip);
  }

  get signal(): AbortSignal {
    this.#gone ??= abortedAtClose(this.reply);
    return this.#gone.signal;
  }

  get write(): WriteContext {
    this.#write ??= writeContextOf(this.request, this.#address, this.caller, this.action);
    return this.#write;
  }
}

function writeContextOf(
  request: FastifyRequest,
  address: string,
  { storeId, actor }: Caller,
  action: string,
): WriteContext {
  return {
    storeId,
    actor,
    address,
    correlationId: request.id,
    request: {
      action,
      userAgent: headerText(request, 'user-agent', 512),
      reason: headerText(request, 'x-audit-reason', 1024),
    },
  };
}

function abortedAtClose({ raw }: FastifyReply): AbortController {
  const controller = new AbortController();
  if (raw.closed) controller.abort();
  else raw.once('close', () => controller.abort());
  return controller;
}

/** A header as one line of text; null when it says nothing. */
function headerText({ headers }: FastifyRequest, name: string, max: number): string | null {
  const given = headers[name];
  const text = typeof given === 'string' ? given.replaceAll(/\p{Cc}+/gu, ' ').trim() : '';
  return text === '' ? null : text.slice(0, max);
}

function answer(reply: FastifyReply, operation: Operation, result: unknown): FastifyReply {
  reply.code(operation.status);
  if (result === NOTHING) return reply.header('content-length', 0).send();
  if (result instanceof Content) return reply.headers({ ...result.headers }).send(result.bytes);
  const body = result instanceof Answer ? result.body : result;
  if (result instanceof Answer) reply.headers({ ...result.headers });
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(asJson)
    .send(body ?? null);
}

/** `null` must go out as the word, which Fastify would take for "no body". */
function asJson(body: unknown): string {
  return JSON.stringify(body);
}
