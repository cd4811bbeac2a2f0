import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import * as z from 'zod';
import {
  checkResultSchema,
  createdKeySchema,
  type ExplainParams,
  type JobExplanation,
  jobExplanationSchema,
  type KeyRing,
  type ListedCheck,
  listedKeySchema,
  type OwnerInvitation,
  ownerInvitationSchema,
  type QueueBoard,
  queueBoardSchema,
} from '../telemetry/control-methods.js';
import {
  ControlError,
  controlResponseSchema,
  controlSocketPath,
  MAX_LINE_BYTES,
} from '../telemetry/control-protocol.js';
import { LineReader } from '../telemetry/line-reader.js';

const CONNECT_TIMEOUT_MS = 2000;
/** Longer than the server gives its handlers, so that its own words about a timeout arrive. */
const ANSWER_TIMEOUT_MS = 15_000;

/** A connection to the control socket of a running daemon. One request at a time. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #answerTimeoutMs: number;
  #lastId = 0;

  private constructor(socket: Socket, answerTimeoutMs: number) {
    this.#socket = socket;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** Connects to the daemon of a data folder; null when none runs there. @throws ControlError */
  static async open(dataDir: string, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<ControlClient | null> {
    const path = controlSocketPath(dataDir);
    const socket = connect(path);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
      return new ControlClient(socket, answerTimeoutMs);
    } catch (error) {
      socket.destroy();
      const code = error instanceof Error && 'code' in error ? error.code : null;
      // No socket, or one that its daemon left behind.
      if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
      if (code === 'EACCES')
        throw new ControlError('failed', `${path} is another user's: use the daemon's user`);
      throw new ControlError(
        'failed',
        `${path} cannot be reached: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  /**
   * Asks for one thing and waits for its answer.
   *
   * @throws ControlError as the daemon says, or `timeout`, or `failed` when the connection ends.
   */
  async request<Result>(method: string, params: unknown, result: z.ZodType<Result>): Promise<Result> {
    const id = ++this.#lastId;
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    const response = controlResponseSchema.safeParse(JSON.parse(await this.#line(method)));
    if (!response.success || response.data.id !== id) {
      throw new ControlError('failed', 'the daemon answered something else: is it of the same version?');
    }
    if ('error' in response.data)
      throw new ControlError(response.data.error.code, response.data.error.message);
    return result.parse(response.data.result);
  }

  close(): void {
    this.#socket.destroy();
  }

  #line(method: string): Promise<string> {
    const socket = this.#socket;
    const reader = new LineReader(MAX_LINE_BYTES);
    return new Promise((resolve, reject) => {
      const end = (error: ControlError | null, line = '') => {
        clearTimeout(timer);
        socket.off('data', onData).off('close', onClose).off('error', onClose);
        if (error === null) resolve(line);
        else reject(error);
      };
      const onData = (chunk: Buffer) => {
        try {
          const [line] = reader.push(chunk);
          if (line !== undefined) end(null, line);
        } catch (error) {
          end(new ControlError('failed', error instanceof Error ? error.message : String(error)));
        }
      };
      const onClose = () =>
        end(new ControlError('failed', `the daemon ended the connection before it answered ${method}`));
      const timer = setTimeout(() => {
        end(
          new ControlError(
            'timeout',
            `no answer to ${method} within ${this.#answerTimeoutMs} ms; it may still take effect`,
          ),
        );
      }, this.#answerTimeoutMs);
      socket.on('data', onData).on('close', onClose).on('error', onClose);
    });
  }
}

/** Has a running daemon examine one of its printers. @throws ControlError `not-found` */
export function remoteExamine(client: ControlClient, serial: string): Promise<readonly ListedCheck[]> {
  return client.request('printers.test', { serial }, z.array(checkResultSchema));
}

/** What a running daemon prints, what waits there and why. @throws ControlError */
export function remoteQueue(client: ControlClient, limit: number): Promise<QueueBoard> {
  return client.request('queue.board', { limit }, queueBoardSchema);
}

/** Everything a running daemon knows about a job. @throws ControlError `not-found`, `conflict` for several */
export function remoteExplanation(client: ControlClient, params: ExplainParams): Promise<JobExplanation> {
  return client.request('queue.explain', params, jobExplanationSchema);
}

/** A new invitation of the owner of a running daemon. @throws ControlError */
export function remoteOwnerInvitation(client: ControlClient): Promise<OwnerInvitation> {
  return client.request('owner.invite', {}, ownerInvitationSchema);
}

/** The keys of a running daemon. */
export function remoteKeyRing(client: ControlClient): KeyRing {
  return {
    create: (params) => client.request('keys.create', params, createdKeySchema),
    list: () => client.request('keys.list', {}, z.array(listedKeySchema)),
    revoke: (params) => client.request('keys.revoke', params, listedKeySchema),
  };
}
