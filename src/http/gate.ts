import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../contract/errors.js';
import type { Permission } from '../contract/permissions.js';
import type { Clock } from '../contract/time.js';
import { isSessionToken } from '../domain/sessions.js';
import { plainAddress } from '../operations/access/address.js';
import { type Authenticator, unauthorized } from '../operations/access/authenticator.js';
import { type FailedLogins, limited } from '../operations/access/failed-logins.js';
import type { Credentials } from '../operations/access/known.js';
import { requireUser } from '../operations/access/signed-in.js';
import { SlidingWindow } from '../operations/access/sliding-window.js';
import type { Caller, Operation } from '../operations/operation.js';

/** What an operation demands of who calls it. */
type Demand = Pick<Operation, 'permissions' | 'usersOnly' | 'orPermission'>;

export interface GateOptions {
  readonly authenticator: Authenticator;
  readonly failedLogins: FailedLogins;
  /** In whose name open operations act. */
  readonly storeId: string;
  /** Requests per key; 0 is no limit. Read at each request: the limits may change. */
  readonly rateLimit: { readonly perMinute: number; readonly perHour: number };
  readonly clock: Clock;
}

/** Decides who comes in and how often. Asked before a byte of the body is read. */
export class Gate {
  #minute: SlidingWindow;
  #hour: SlidingWindow;
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

  /**
   * Answers at once for those who were right before: waiting costs more than recalling them.
   *
   * @throws ApiError unauthorized, ip_not_allowed, forbidden, rate_limited
   */
  admit(operation: Operation, request: FastifyRequest, reply: FastifyReply): Caller | Promise<Caller> {
    if (operation.open) return this.#stranger;
    const given = credentialsOf(request);
    // A request without credentials guesses nothing; counting it would lock out a page that is merely logged out.
    if (!given) throw unauthorized();
    const { storeId, secret } = given;
    const credentials = { storeId, secret, address: plainAddress(request.ip) };
    const known = this.options.authenticator.recall(credentials);
    if (known) return this.#letIn(known, operation, reply);
    return this.#authenticate(credentials).then((caller) => this.#letIn(caller, operation, reply));
  }

  /**
   * The same for programs that can send a key alone: without its store, and as a bearer where they know no other word.
   *
   * @throws ApiError unauthorized, ip_not_allowed, forbidden, rate_limited
   */
  async admitKey(
    permissions: readonly Permission[],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Caller> {
    const secret = secretOf(request)?.secret;
    if (secret === undefined) throw unauthorized();
    const credentials = { storeId: storeOf(request), secret, address: plainAddress(request.ip) };
    const caller = this.options.authenticator.recall(credentials) ?? (await this.#authenticate(credentials));
    return this.#letIn(caller, { permissions }, reply);
  }

  #letIn(caller: Caller, operation: Demand, reply: FastifyReply): Caller {
    // The limits hold programs back; a person at a screen is none.
    if (caller.actor.type === 'api_key') this.#count(caller.actor.id ?? '', reply);
    requirePermissions(operation, caller);
    return caller;
  }

  async #authenticate(credentials: Credentials & { readonly address: string }): Promise<Caller> {
    const { authenticator, failedLogins } = this.options;
    const { address } = credentials;
    const refusal = failedLogins.refusal(address);
    // Keys known to be right still come in: one device with an old key must not lock out all others behind its address.
    if (refusal && !authenticator.knows(credentials.secret)) throw refusal;
    try {
      return await authenticator.authenticate(credentials);
    } catch (error) {
      if (error instanceof ApiError && error.code === 'unauthorized') failedLogins.note(address);
      throw error;
    }
  }

  #count(key: string, reply: FastifyReply): void {
    this.#followLimits();
    if (this.#minute.limit === 0 && this.#hour.limit === 0) return;
    const at = this.options.clock.now();
    const windows = [this.#minute, this.#hour].filter((window) => window.limit > 0);
    const tightest = windows
      .map((window) => window.look(key, at))
      .sort((a, b) => a.remaining - b.remaining || b.resetS - a.resetS)[0];
    if (!tightest) return;
    reply.header('x-ratelimit-limit', tightest.limit);
    reply.header('x-ratelimit-remaining', Math.max(0, tightest.remaining - 1));
    reply.header('x-ratelimit-reset', tightest.resetS);
    if (tightest.remaining === 0) throw limited('Too many requests with this key', tightest.resetS);
    for (const window of windows) window.count(key, at);
  }

  /** A changed limit begins to count anew. */
  #followLimits(): void {
    const { perMinute, perHour } = this.options.rateLimit;
    if (this.#minute.limit !== perMinute) this.#minute = new SlidingWindow(perMinute, 60_000);
    if (this.#hour.limit !== perHour) this.#hour = new SlidingWindow(perHour, 3_600_000);
  }
}

const PLAIN = 'ApiKey ';
const PLAIN_LENGTH = PLAIN.length + 72;

/** `ApiKey` with a key and its store, or `Bearer` with the token of a session, which knows its store by itself. */
function credentialsOf(request: FastifyRequest): { storeId: string | null; secret: string } | null {
  const storeId = storeOf(request);
  const authorization = request.headers.authorization ?? '';
  // As nearly all clients write it: nothing has to be taken apart.
  if (authorization.length === PLAIN_LENGTH && authorization.startsWith(PLAIN) && storeId !== null)
    return { storeId, secret: authorization.slice(PLAIN.length) };
  const given = secretOf(request);
  if (given === null) return null;
  const { secret, scheme } = given;
  const session = scheme === 'bearer';
  if (session !== isSessionToken(secret) || (!session && storeId === null)) return null;
  return { storeId, secret };
}

function storeOf(request: FastifyRequest): string | null {
  const named = request.headers['x-printago-storeid'];
  return typeof named === 'string' && named !== '' ? named : null;
}

function secretOf({ headers }: FastifyRequest): { scheme: string; secret: string } | null {
  const [, scheme, secret] = /^(apikey|bearer)\s+(\S+)\s*$/i.exec(headers.authorization ?? '') ?? [];
  return scheme === undefined || secret === undefined ? null : { scheme: scheme.toLowerCase(), secret };
}

function requirePermissions(operation: Demand, caller: Caller): void {
  if (operation.usersOnly) requireUser(caller);
  if (operation.permissions.every((permission) => caller.permissions.has(permission))) return;
  const missing = operation.permissions.filter((permission) => !caller.permissions.has(permission));
  if (operation.orPermission !== undefined && caller.permissions.has(operation.orPermission)) return;
  throw new ApiError('forbidden', `This needs the permission ${missing.join(' and ')}`, {
    requiredPermissions: operation.permissions,
  });
}
