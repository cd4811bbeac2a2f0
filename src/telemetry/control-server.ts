import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  ControlError,
  type ControlResponse,
  controlRequestSchema,
  MAX_LINE_BYTES,
} from './control-protocol.js';
import { LineReader } from './line-reader.js';
import type { Logger } from './log.js';

/**
 * Serves one method: takes the parameters as they came, answers or throws (`ControlError` chooses the code). The signal
 * fires when nobody waits for the answer any more.
 */
export type ControlHandler = (params: unknown, signal: AbortSignal) => Promise<unknown>;

export interface ControlServerOptions {
  /** Path of the socket, from `controlSocketPath`. */
  readonly path: string;
  readonly handlers: Readonly<Record<string, ControlHandler>>;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
  /** Longest time a handler may take, milliseconds; 10 000 by default. */
  readonly timeoutMs?: number;
  /** The same for methods that take longer, by their names. */
  readonly timeoutsMs?: Readonly<Record<string, number>>;
  /** Connections at the same time; 8 by default. */
  readonly maxConnections?: number;
}

/** A connection that says nothing for so long is dropped; longer than any method takes. */
const IDLE_MS = 120_000;

/** The daemon's end of the control socket. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /**
   * Listens, for this user alone. A socket left over by a process that died is removed, one that answers is not.
   *
   * @throws ControlError `conflict` when another process answers on the socket.
   */
  async start(): Promise<void> {
    const { path, maxConnections = 8 } = this.#options;
    await removeStale(path);
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = maxConnections;
    const listening = once(server, 'listening');
    // The socket is made by the call itself, so that it never stands open to others.
    const umask = process.umask(0o177);
    server.listen(path);
    process.umask(umask);
    await listening;
    this.#server = server;
  }

  /** Stops listening, drops every connection and removes the socket. May be repeated. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    const reader = new LineReader(MAX_LINE_BYTES);
    const gone = new AbortController();
    this.#sockets.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    socket.on('error', (error) => this.#options.log.debug({ err: error }, 'control connection broke'));
    socket.on('data', (chunk) => {
      try {
        for (const line of reader.push(chunk)) this.#answer(socket, line, gone.signal);
      } catch (error) {
        this.#options.log.warn({ err: error }, 'control connection refused');
        socket.destroy();
      }
    });
  }

  #answer(socket: Socket, line: string, gone: AbortSignal): void {
    this.#respond(line, gone).then(
      (response) => socket.writable && socket.write(`${JSON.stringify(response)}\n`),
      (error: unknown) => this.#options.log.warn({ err: error }, 'control answer lost'),
    );
  }

  async #respond(line: string, gone: AbortSignal): Promise<ControlResponse> {
    const request = controlRequestSchema.safeParse(parsed(line));
    if (!request.success) return failure(0, new ControlError('invalid', 'the line is no request'));
    const { id, method, params } = request.data;
    try {
      const handler = this.#options.handlers[method];
      if (handler === undefined || !Object.hasOwn(this.#options.handlers, method)) {
        const known = Object.keys(this.#options.handlers).join(', ');
        throw new ControlError('unknown-method', `there is no ${method}; there are ${known}`);
      }
      return { id, result: (await this.#within(method, handler(params, gone))) ?? null };
    } catch (error) {
      if (!(error instanceof ControlError))
        this.#options.log.warn({ err: error, method }, 'control request failed');
      return failure(id, error);
    }
  }

  async #within(method: string, answer: Promise<unknown>): Promise<unknown> {
    const timeoutMs = this.#options.timeoutsMs?.[method] ?? this.#options.timeoutMs ?? 10_000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `${method} did not finish within ${timeoutMs} ms; it may still take effect`;
      timer = setTimeout(() => reject(new ControlError('timeout', message)), timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function failure(id: number, error: unknown): ControlResponse {
  const code = error instanceof ControlError ? error.code : 'failed';
  return { id, error: { code, message: error instanceof Error ? error.message : String(error) } };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // What is no JSON is no request either; the schema says so.
    return undefined;
  }
}

/** Removes a socket that nobody listens on. */
async function removeStale(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket())
      throw new ControlError('conflict', `${path} is in the way: it is no socket`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (await answers(path)) throw new ControlError('conflict', `another printfarmd answers on ${path}`);
  await unlink(path);
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    // Refused, or too silent to be alive.
    return false;
  } finally {
    socket.destroy();
  }
}
