import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../contract/errors.js';
import type { Clock } from '../contract/time.js';
import { plainAddress } from '../operations/access/address.js';
import { type Authenticator, unauthorized } from '../operations/access/authenticator.js';
import { Answer, type CallContext, type Caller, NOTHING, type Operation } from '../operations/operation.js';
import { parseInput } from './errors.js';
import { SlidingWindow } from './sliding-window.js';

export interface MountOptions {
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
  readonly rateLimit: { readonly perMinute: number; readonly perHour: number };
  readonly clock: Clock;
}

const FAILED_LOGINS_PER_MINUTE = 10;

/** Gives every operation its route: who calls, may they, is the input right, run, answer. */
export function mountOperations(app: FastifyInstance, options: MountOptions): void {
  const gate = new Gate(options);
  for (const operation of options.operations) {
    app.route({
      method: operation.method,
      url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const caller = await gate.admit(request, reply);
        requirePermissions(operation, caller);
        const result = await operation.run(
          {
            params: parseInput(operation.params, request.params, '$params'),
            query: parametersOf(request),
            body: operation.body ? parseInput(operation.body, request.body, '$input') : undefined,
          },
          contextOf(request, reply, caller),
        );
        return answer(reply, operation, result);
      },
    });
  }
}

class Gate {
  readonly #minute: SlidingWindow;
  readonly #hour: SlidingWindow;
  readonly #failures = new SlidingWindow(FAILED_LOGINS_PER_MINUTE, 60_000);

  constructor(private readonly options: MountOptions) {
    this.#minute = new SlidingWindow(options.rateLimit.perMinute, 60_000);
    this.#hour = new SlidingWindow(options.rateLimit.perHour, 3_600_000);
  }

  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    const address = plainAddress(request.ip);
    const at = this.options.clock.now();
    const failures = this.#failures.look(address, at);
    if (failures.remaining === 0)
      throw limited(reply, failures.resetS, 'Too many failed logins from this address');
    const credentials = credentialsOf(request);
    let caller: Caller;
    try {
      if (!credentials) throw unauthorized();
      caller = await this.options.authenticator.authenticate({ ...credentials, address });
    } catch (error) {
      // A request without credentials guesses nothing; counting it would lock out a page that is merely logged out.
      if (credentials && error instanceof ApiError && error.code === 'unauthorized')
        this.#failures.count(address, at);
      throw error;
    }
    this.#count(caller.actor.id ?? '', at, reply);
    return caller;
  }

  #count(key: string, at: number, reply: FastifyReply): void {
    const windows = [this.#minute, this.#hour].filter((window) => window.limit > 0);
    const tightest = windows
      .map((window) => window.look(key, at))
      .sort((a, b) => a.remaining - b.remaining)[0];
    if (!tightest) return;
    reply.header('x-ratelimit-limit', tightest.limit);
    reply.header('x-ratelimit-remaining', Math.max(0, tightest.remaining - 1));
    reply.header('x-ratelimit-reset', tightest.resetS);
    if (tightest.remaining === 0) throw limited(reply, tightest.resetS, 'Too many requests with this key');
    for (const window of windows) window.count(key, at);
  }
}

function limited(reply: FastifyReply, seconds: number, what: string): ApiError {
  reply.header('retry-after', seconds);
  return new ApiError('rate_limited', `${what}; try again in ${seconds} s`);
}

function credentialsOf(request: FastifyRequest): { storeId: string; key: string } | null {
  const { authorization } = request.headers;
  const storeId = request.headers['x-printago-storeid'];
  const key = /^apikey\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  return key !== undefined && typeof storeId === 'string' && storeId !== '' ? { storeId, key } : null;
}

function requirePermissions(operation: Operation, caller: Caller): void {
  const missing = operation.permissions.filter((permission) => !caller.permissions.has(permission));
  if (missing.length === 0) return;
  throw new ApiError('forbidden', `This needs the permission ${missing.join(' and ')}`, {
    requiredPermissions: operation.permissions,
  });
}

/** Query parameters in order, repeated ones kept: a record would lose both. */
function parametersOf(request: FastifyRequest): readonly (readonly [string, string])[] {
  const { url } = request;
  const mark = url.indexOf('?');
  return mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))];
}

function contextOf(request: FastifyRequest, reply: FastifyReply, caller: Caller): CallContext {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return {
    caller,
    signal: gone.signal,
    write: {
      storeId: caller.storeId,
      actor: caller.actor,
      address: plainAddress(request.ip),
      correlationId: request.id,
    },
  };
}

function answer(reply: FastifyReply, operation: Operation, result: unknown): FastifyReply {
  reply.code(operation.status);
  if (result === NOTHING) return reply.header('content-length', 0).send();
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
