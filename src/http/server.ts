import { isIPv6 } from 'node:net';
import { Server as SecureServer } from 'node:tls';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { ApiError, errorBody } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import type { Clock } from '../contract/time.js';
import type { Authenticator } from '../operations/access/authenticator.js';
import type { FailedLogins } from '../operations/access/failed-logins.js';
import type { Operation } from '../operations/operation.js';
import { reachableHost } from '../telemetry/reachable-host.js';
import { mountCa } from './ca-route.js';
import { allowOrigins } from './cors.js';
import { toApiError } from './errors.js';
import { ExpectContinue } from './expect-continue.js';
import { Gate } from './gate.js';
import { routeHeadsAsGets } from './head-requests.js';
import { type HealthReport, mountHealth } from './health-routes.js';
import { jsonBodies } from './json-body.js';
import { type HttpMeter, meterRoutes } from './meter.js';
import { type Metrics, mountMetrics } from './metrics-route.js';
import { mountOperations } from './mount.js';
import { answerClientError } from './raw-errors.js';
import { RequestBase } from './request-base.js';
import { mountSignInPage } from './sign-in-page.js';
import { type FileTransfers, mountStorage } from './storage-routes.js';
import { type TakeUpgrade, Upgrades } from './upgrades.js';

export interface HttpOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** The CA that clients are to trust, PEM; null when there is none to give away. */
  readonly caPem: () => string | null;
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins whose web pages may call the API. */
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  /** A JSON body must have arrived whole within this time. */
  readonly requestTimeoutMs: number;
  /** Requests per key; 0 is no limit. */
  readonly rateLimit: { readonly perMinute: number; readonly perHour: number };
  /** Where clients reach us; null is what was bound, or for a listener on all addresses what each request names. */
  readonly publicBaseUrl: string | null;
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
  readonly failedLogins: FailedLogins;
  readonly storeId: string;
  readonly transfers: FileTransfers;
  /** Takes requests for a WebSocket at `/mqtt`; null leaves them to be answered as any other. */
  readonly mqttUpgrade: TakeUpgrade | null;
  readonly health: () => HealthReport;
  /** Null leaves /metrics out. */
  readonly metrics: Metrics | null;
  readonly meter: HttpMeter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Silence on a connection for this long ends it: the cheapest defence against sockets that only sit there. */
const IDLE_MS = 60_000;
const TLS = { minVersion: 'TLSv1.2' } as const;
const MAX_CONNECTIONS = 2_000;

/** The REST surface: operations, signed file addresses, health. */
export class HttpServer {
  readonly #app: FastifyInstance;
  readonly #requestBase = new RequestBase();
  readonly #expect = new ExpectContinue();
  readonly #upgrades: Upgrades | null;
  readonly #answerError: AnswerError;
  #url: string | null = null;
  #port: number | null = null;

  constructor(private readonly options: HttpOptions) {
    const { tls } = options;
    this.#answerError = errorAnswers(options.meter);
    const base = {
      loggerInstance: options.log,
      logController: new LogController({ disableRequestLogging: true }),
      // A log for each request, of which hardly any writes a line, costs more than looking up an entity.
      childLoggerFactory: (log: Logger) => log,
      frameworkErrors: this.#answerError,
      clientErrorHandler: answerClientError,
      bodyLimit: options.maxBodyBytes,
      trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
      connectionTimeout: IDLE_MS,
      keepAliveTimeout: IDLE_MS,
      // Uploads may take hours; JSON bodies have a limit of their own.
      requestTimeout: 0,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 4_096, ignoreTrailingSlash: false },
      requestIdHeader: false as const,
      genReqId: (request: { headers: Record<string, string | string[] | undefined> }) =>
        requestId(request.headers['x-request-id']),
    };
    this.#app = create(base, tls);
    const { mqttUpgrade: take, trustedProxies } = options;
    this.#upgrades = take && new Upgrades({ path: '/mqtt', take, secure: tls !== null, trustedProxies });
  }

  /** Where clients reach us: as configured, else as the present request says, else what was bound. */
  get url(): string {
    if (this.options.publicBaseUrl !== null) return this.options.publicBaseUrl.replace(/\/+$/, '');
    if (this.#url === null) throw new Error('The HTTP server does not listen yet');
    return this.#requestBase.current ?? this.#url;
  }

  /** The TCP port that it listens on; null while it does not. */
  get port(): number | null {
    return this.#port;
  }

  async start(): Promise<void> {
    const { options } = this;
    const app = this.#app;
    app.server.maxConnections = MAX_CONNECTIONS;
    this.#expect.watch(app.server);
    routeHeadsAsGets(app.server);
    this.#upgrades?.watch(app.server);
    app.addHook('onSend', (request, reply, _payload, done) => {
      if (this.#expect.isWaiting(request.raw)) reply.header('connection', 'close');
      done();
    });
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      reply.header('x-content-type-options', 'nosniff');
      done();
    });
    meterRoutes(app, options.meter);
    app.setErrorHandler(this.#answerError);
    app.setNotFoundHandler((request, reply) => {
      const path = request.url.split('?')[0];
      const message = `There is no ${request.method} ${path}`;
      this.#answerError(new ApiError('route_not_found', message), request, reply);
    });
    // What leads nowhere is told so whatever its body is: only routes that want one read it.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    mountHealth(app, options.health);
    const gate = new Gate(options);
    if (options.metrics !== null) mountMetrics(app, gate, options.metrics);
    mountSignInPage(app);
    mountCa(app, options.caPem);
    await app.register(async (scope) => {
      jsonBodies(scope, options.requestTimeoutMs, this.#expect);
      allowOrigins(scope, options.corsOrigins);
      mountOperations(scope, { operations: options.operations, gate, within: this.#within() });
    });
    await app.register(async (scope) => mountStorage(scope, options.transfers, this.#expect));
    await this.#listen();
  }

  /** Shows another certificate to whoever connects from now on. @throws when certificate and key do not fit */
  useCertificate(certificate: { readonly cert: string; readonly key: string }): void {
    const { server } = this.#app;
    if (server instanceof SecureServer) server.setSecureContext({ ...certificate, ...TLS });
  }

  async stop(): Promise<void> {
    this.#upgrades?.close();
    await this.#app.close();
  }

  /** A host that only stands in front of us, or one of many addresses: then the caller knows best how it came here. */
  #within(): <T>(request: FastifyRequest, fn: () => T) => T {
    const { host, trustedProxies } = this.options;
    const byRequest = isWildcard(host) || trustedProxies.length > 0;
    return (request, fn) => (byRequest ? this.#requestBase.run(request, fn) : fn());
  }

  async #listen(): Promise<void> {
    const { host, port, tls } = this.options;
    try {
      await this.#app.listen({ host, port });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
        throw new Error(
          `Port ${port} on ${host} is taken by another program. Stop it, or set http.port (0 lets the system choose).`,
          { cause: error },
        );
      }
      throw error;
    }
    const address = this.#app.server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    this.#port = bound;
    const shown = reachableHost(host);
    this.#url = `${tls ? 'https' : 'http'}://${isIPv6(shown) ? `[${shown}]` : shown}:${bound}`;
  }
}

/** Fastify types its server by the transport; nothing here depends on which it is, so one type stands for both. */
function create(base: object, tls: HttpOptions['tls']): FastifyInstance {
  const app: unknown = tls ? fastify({ ...base, https: { ...tls, ...TLS } }) : fastify(base);
  return app as FastifyInstance;
}

function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : newId();
}

type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

function errorAnswers(meter: HttpMeter): AnswerError {
  return (error, request, reply) => {
    const known = toApiError(error);
    meter.failed(known.code);
    const { retryAfterSeconds } = known.details;
    if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds);
    // With nobody left to answer, what failed is most often only that.
    if (known.code === 'internal' && !request.socket.destroyed) {
      const route = request.url.split('?')[0];
      request.log.error({ err: error, reqId: request.id, route }, 'request failed');
    }
    reply.header('x-request-id', request.id).code(known.status).send(errorBody(known, request.id));
  };
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
