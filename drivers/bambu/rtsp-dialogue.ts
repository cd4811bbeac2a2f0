import type { TLSSocket } from 'node:tls';
import { DriverError } from '../driver.js';
import { rtspLogin } from './rtsp-login.js';
import { type RtspPacket, RtspReader, type RtspResponse } from './rtsp-reader.js';

type Headers = Readonly<Record<string, string>>;

const NOT_AUTHORISED = 401;
const TOO_MANY_VIEWERS = 453;

/** Requests and answers of one RTSP connection (RFC 2326), one after the other, and the packets between them. */
export class RtspDialogue {
  readonly #socket: TLSSocket;
  readonly #accessCode: string;
  readonly #options: { readonly timeoutMs: number; readonly signal: AbortSignal };
  readonly #reader = new RtspReader();
  #sequence = 0;
  #challenge: string | null = null;
  #session: string | null = null;
  #url = '';
  /** Takes the answer that is awaited, or why there will be none. */
  #settle: ((outcome: RtspResponse | DriverError) => void) | null = null;
  onPacket: (packet: RtspPacket) => void = () => {};
  /** The connection carries something else than RTSP. */
  onFailure: (error: DriverError) => void = () => {};

  constructor(
    socket: TLSSocket,
    accessCode: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ) {
    this.#socket = socket;
    this.#accessCode = accessCode;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** Asks, logs in when that is wanted, and gives the answer, which is a success. @throws DriverError */
  async ask(method: string, url: string, headers: Headers = {}): Promise<RtspResponse> {
    let response = await this.#once(method, url, headers);
    if (response.status === NOT_AUTHORISED && this.#challenge === null) {
      this.#challenge = response.headers.get('www-authenticate') ?? '';
      response = await this.#once(method, url, headers);
    }
    if (response.status !== 200) throw refused(method, response.status);
    this.#url = url;
    this.#session = response.headers.get('session')?.split(';')[0] ?? this.#session;
    return response;
  }

  /** Says something whose answer does not matter. */
  tell(method: string): void {
    if (this.#socket.writable) this.#send(method, this.#url, {});
  }

  #once(method: string, url: string, headers: Headers): Promise<RtspResponse> {
    const { timeoutMs, signal } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (outcome: RtspResponse | DriverError): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#socket.off('close', onClose);
        this.#settle = null;
        if (outcome instanceof DriverError) reject(outcome);
        else resolve(outcome);
      };
      const onAbort = (): void =>
        settle(new DriverError('aborted', 'Nobody wants pictures of this camera any more.'));
      const onClose = (): void => settle(closed());
      const timer = setTimeout(() => {
        settle(new DriverError('timeout', `The camera did not answer ${method} in ${timeoutMs / 1000} s.`));
      }, timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#socket.once('close', onClose);
      this.#settle = settle;
      if (this.#socket.destroyed) settle(closed());
      else this.#send(method, url, headers);
    });
  }

  #send(method: string, url: string, headers: Headers): void {
    const { sequence, login } = { sequence: ++this.#sequence, login: this.#login(method, url) };
    const lines = [
      `${method} ${url} RTSP/1.0`,
      `CSeq: ${sequence}`,
      ...(login === null ? [] : [`Authorization: ${login}`]),
      ...(this.#session === null ? [] : [`Session: ${this.#session}`]),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  #login(method: string, url: string): string | null {
    if (this.#challenge === null) return null;
    return rtspLogin(this.#challenge, method, url, this.#accessCode);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const part of this.#reader.push(chunk)) {
        if (part.kind === 'packet') this.onPacket(part);
        else this.#settle?.(part);
      }
    } catch (thrown) {
      const error =
        thrown instanceof DriverError
          ? thrown
          : new DriverError('protocol', "The camera's stream cannot be read.", { cause: thrown });
      this.#settle?.(error);
      this.onFailure(error);
      this.#socket.destroy();
    }
  }
}

function closed(): DriverError {
  return new DriverError(
    'rejected',
    'The camera closed the connection. Enable "LAN mode liveview" on the screen of the printer; if it is, somebody ' +
      'else may be watching, for the camera serves one viewer at a time.',
  );
}

function refused(method: string, status: number): DriverError {
  if (status === NOT_AUTHORISED) {
    return new DriverError(
      'auth',
      'The camera refused the access code. Look it up on the screen; it changes with LAN-only and Developer Mode.',
    );
  }
  if (status === TOO_MANY_VIEWERS) {
    return new DriverError('busy', 'Somebody else watches this camera, and it serves one viewer at a time.');
  }
  return new DriverError('protocol', `The camera answered ${method} with ${status}.`);
}
