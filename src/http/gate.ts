import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../contract/errors.js';
import type { Clock } from '../contract/time.js';
import { plainAddress } from '../operations/access/address.js';
import { type Authenticator, unauthorized } from '../operations/access/authenticator.js';
import type { Caller, Operation } from '../operations/operation.js';
import { SlidingWindow } from './sliding-window.js';

export interface GateOptions {
  readonly authenticator: Authenticator;
  /** In whose name open operations act. */
  readonly storeId: string;
  /** Requests per key; 0 is no limit. Read at each request: the limits may change. */
  readonly rateLimit: { readonly perMinute: number; readonly perHour: number };
  readonly clock: Clock;
}

const FAILED_LOGINS_PER_MINUTE = 10;

/** Decides who comes in and how often. Asked before a byte of the body is read. */
export class Gate {
  #minute: SlidingWindow;
  #hour: SlidingWindow;
  readonly #failures = new SlidingWindow(FAILED_LOGINS_PER_MINUTE, 60_000);
  readonly #stranger: Caller;

  constructor(private readonly options: GateOptions) {
    this.#stranger = {
      storeId: options.storeId,
      actor: { type: 'system', id: null },
      permissions: new Set(),
    };
    this.#minute = new SlidingWindow(options.rateLimit.perMinute, 60_000);
    this.#hour = new SlidingWindow(options.rateLimit.perHour, 3_600_000);
  }

  /** @throws ApiError unauthorized, ip_not_allowed, forbidden, rate_limited */
  async admit(operation: Operation, request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    if (operation.open) return this.#stranger;
    const caller = await this.#authenticate(request, reply);
    this.#count(caller.actor.id ?? '', this.options.clock.now(), reply);
    requirePermissions(operation, caller);
    return caller;
  }

  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    const { authenticator, clock } = this.options;
    const address = plainAddress(request.ip);
    const credentials = credentialsOf(request);
    // A request without credentials guesses nothing; counting it would lock out a page that is merely logged out.
    if (!credentials) throw unauthorized();
    const failures = this.#failures.look(address, clock.now());
    // Keys known to be right still come in: one device with an old key must not lock out all others behind its address.
    if (failures.remaining === 0 && !authenticator.knows(credentials.key))
      throw limited(reply, failures.resetS, 'Too many failed logins from this address');
    try {
      return await authenticator.authenticate({ ...credentials, address });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'unauthorized')
        this.#failures.count(address, clock.now());
      throw error;
    }
  }

  #count(key: string, at: number, reply: FastifyReply): void {
    this.#followLimits();
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

  /** A changed limit begins to count anew. */
  #followLimits(): void {
    const { perMinute, perHour } = this.options.rateLimit;
    if (this.#minute.limit !== perMinute) this.#minute = new SlidingWindow(perMinute, 60_000);
    if (this.#hour.limit !== perHour) this.#hour = new SlidingWindow(perHour, 3_600_000);
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
  if (operation.orPermission !== undefined && caller.permissions.has(operation.orPermission)) return;
  throw new ApiError('forbidden', `This needs the permission ${missing.join(' and ')}`, {
    requiredPermissions: operation.permissions,
  });
}
