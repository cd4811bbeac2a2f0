import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { Client, type FileInfo, type FTPResponse } from 'basic-ftp';
import { DriverError, type DriverLog, type PrinterTarget } from '../driver.js';
import { passivePort } from './passive-port.js';
import { openSecureSocket } from './secure-socket.js';
import { describeTransferError, isUnsupported, replyCode, StallError } from './transfer-errors.js';
import type { TransferTiming } from './transfer-timing.js';
import { checkPeer, secureContextOptions } from './trust.js';

/** `P` encrypts the data channel, `C` leaves it in the clear. */
export type Protection = 'P' | 'C';

export interface SessionOptions {
  readonly timing: TransferTiming;
  /** Destroys the sockets. */
  readonly signal: AbortSignal;
  readonly protection: Protection;
  readonly log: DriverLog | null;
}

/** The user name that every printer expects. */
const USER = 'bblp';
const GOODBYE_MS = 1_000;
/** Looked at in the root folder, when its files are counted. */
const MOST_ENTRIES = 1_000;

/**
 * One logged-in FTPS connection (docs/protocol.md §8.1). Every step has a time limit; when one is exceeded, or the
 * signal fires, both sockets are destroyed first and the step rejects after that. A session that has failed so is
 * of no more use.
 */
export class FtpSession {
  private readonly client = new Client(0);
  private ended: DriverError | null = null;
  private dataSocket: Socket | null = null;
  private readonly onAbort = (): void =>
    this.fail(new DriverError('aborted', `The transfer with ${this.target.serial} was called off.`));

  private constructor(
    private readonly target: PrinterTarget,
    private readonly options: SessionOptions,
    private readonly control: TLSSocket,
  ) {
    this.client.ftp.socket = control;
    this.client.prepareTransfer = () => this.prepareListing();
    options.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /**
   * Connects, proves the printer's identity, and only then logs in.
   * @throws DriverError
   */
  static async open(target: PrinterTarget, options: SessionOptions): Promise<FtpSession> {
    const { timing, signal } = options;
    const limits = { timeoutMs: timing.connectMs, signal };
    const { socket } = await openSecureSocket(target, target.ftpPort, limits);
    const session = new FtpSession(target, options, socket);
    if (signal.aborted) session.onAbort();
    try {
      await session.login();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Bytes of a file in the root folder; null when it is not there. @throws DriverError */
  async size(name: string): Promise<number | null> {
    try {
      const answer = await this.command(`Asking for the size of ${name}`, `SIZE /${name}`);
      const size = /^213 +(\d+)/.exec(answer.message)?.[1];
      if (size !== undefined) return Number(size);
    } catch (error) {
      if (replyCode(causeOf(error)) === 550) return null;
      if (!isUnsupported(causeOf(error))) throw error;
    }
    return this.sizeFromListing(name);
  }

  /** Free bytes of the card where the printer tells (`AVBL`), else null. @throws DriverError when the session is lost */
  async freeBytes(): Promise<number | null> {
    try {
      const answer = await this.command('Asking for free space', 'AVBL');
      const free = /^213 +(\d+)/.exec(answer.message)?.[1];
      return free === undefined ? null : Number(free);
    } catch (error) {
      if (this.ended === null && replyCode(causeOf(error)) !== null) return null;
      throw error;
    }
  }

  /** Bytes of all files in the root folder and the folders in it, as far as they can be listed. @throws DriverError */
  async usedBytes(): Promise<number> {
    const root = await this.list('/');
    let bytes = 0;
    for (const entry of root.slice(0, MOST_ENTRIES)) {
      const inside = entry.isDirectory ? await this.list(`/${entry.name}`) : [entry];
      bytes += inside.reduce((sum, file) => sum + (file.isDirectory ? 0 : file.size), 0);
    }
    return bytes;
  }

  /** Deletes a file in the root folder; a missing one is success. @throws DriverError */
  async remove(name: string): Promise<void> {
    try {
      await this.command(`Deleting ${name}`, `DELE /${name}`);
    } catch (error) {
      if (replyCode(causeOf(error)) !== 550) throw error;
    }
  }

  /**
   * Sends a command that opens a transfer, with its data channel beside it.
   * @param name what is transferred, for messages
   * @throws DriverError when the printer refuses it, before any data
   */
  async openTransfer(command: string, name: string): Promise<OpenTransfer> {
    const raw = await this.openDataConnection(name);
    const { started, final } = this.exchange(command);
    // The server may begin TLS before or after its first reply: our greeting waits for it in its buffer.
    const socket = this.options.protection === 'P' ? this.secure(raw) : raw;
    // Listened for from the start: a quick printer is done with TLS before its first reply has been read.
    const secured = socket instanceof TLSSocket ? settled(socket, 'secureConnect') : null;
    secured?.catch(() => undefined);
    this.dataSocket = socket;
    // Whoever waits on the data must hear when the printer gives up.
    final.catch(() => socket.destroy());
    await this.step(`Opening ${name}`, () => Promise.race([started, final]));
    if (socket instanceof TLSSocket && secured) await this.handshake(socket, secured, final, name);
    const resumed = socket instanceof TLSSocket ? socket.isSessionReused() : null;
    this.options.log?.debug({ serial: this.target.serial, file: name, resumed }, 'data channel open');
    return { socket, final };
  }

  /** Waits for something of this session, at most so long. @throws DriverError */
  async step<T>(doing: string, run: () => Promise<T>, limitMs = this.options.timing.replyMs): Promise<T> {
    if (this.ended !== null) throw this.ended;
    const timer = setTimeout(() => {
      const text = `${doing}: no answer from ${this.target.host}:${this.target.ftpPort} in ${limitMs / 1000} s.`;
      this.fail(new StallError(text));
    }, limitMs);
    try {
      return await run();
    } catch (error) {
      throw this.ended ?? describeTransferError(error, this.target, doing);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the session for a reason that every pending and later step then gives. */
  fail(reason: DriverError): void {
    this.ended ??= reason;
    this.close();
  }

  /** Why the session ended before its time; null while it lives. */
  get failure(): DriverError | null {
    return this.ended;
  }

  /** Leaves in good order, so that a small printer has its place free at once; never rejects. */
  async quit(): Promise<void> {
    try {
      await this.step('Leaving', () => this.exchange('QUIT').final, GOODBYE_MS);
    } catch {
      // Whatever the printer makes of it: the work is done and the sockets go next.
    }
    this.close();
  }

  /** Destroys the sockets without waiting for anything. May be repeated. */
  close(): void {
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.dataSocket?.destroy();
    this.client.close();
  }

  private async login(): Promise<void> {
    const { final: greeting } = this.exchange(undefined);
    await this.step('Connecting', () => greeting);
    await this.step('Logging in', () => this.client.login(USER, this.target.accessCode));
    await this.command('Logging in', 'PBSZ 0');
    await this.command('Logging in', `PROT ${this.options.protection}`);
    await this.command('Logging in', 'TYPE I');
  }

  private command(doing: string, command: string): Promise<FTPResponse> {
    return this.step(doing, () => this.exchange(command).final);
  }

  /** Sends a command and tells its first reply from its last. */
  private exchange(command: string | undefined): { started: Promise<void>; final: Promise<FTPResponse> } {
    const { promise: started, resolve } = withResolver();
    const final: Promise<FTPResponse> = this.client.ftp.handle(command, (reply, task) => {
      if (reply instanceof Error) task.reject(reply);
      else if (reply.code >= 300)
        task.reject(new DriverError('protocol', `The printer asks for more: ${reply.code}.`));
      else if (reply.code >= 200) task.resolve(reply);
      else if (reply.code === 125 || reply.code === 150) resolve();
    });
    return { started, final };
  }

  /** The address a printer names may be 0.0.0.0 or one behind a router: only its port counts. */
  private async openDataConnection(name: string): Promise<Socket> {
    const doing = `Opening a data channel for ${name}`;
    const answer = await this.command(doing, 'PASV');
    const port = passivePort(answer.message);
    if (port === null) throw new DriverError('protocol', `${doing}: the printer names no port.`);
    const socket = connectTcp({ host: this.control.remoteAddress ?? this.target.host, port });
    this.dataSocket = socket;
    // The transfer notices by its writes; without a listener a late error would end the process.
    socket.on('error', () => undefined);
    await this.step(doing, () => settled(socket, 'connect'), this.options.timing.connectMs);
    return socket;
  }

  /** Resumes the control channel's TLS session: some printers drop a data channel that does not. */
  private secure(raw: Socket): TLSSocket {
    const session = this.client.ftp.tlsSessionStore ?? this.control.getSession();
    const socket = connectTls({
      ...secureContextOptions(this.target),
      host: this.target.host,
      socket: raw,
      ...(session !== undefined && { session }),
    });
    socket.on('error', () => undefined);
    return socket;
  }

  private async handshake(
    socket: TLSSocket,
    secured: Promise<void>,
    final: Promise<unknown>,
    name: string,
  ): Promise<void> {
    const doing = `Encrypting the data channel for ${name}`;
    // A resumed session proves by its keys that the same machine answers; a new one shows its certificate.
    await this.step(
      doing,
      () => Promise.race([secured, final.then(() => secured)]),
      this.options.timing.connectMs,
    );
    if (!socket.isSessionReused()) checkPeer(this.target, socket.getPeerCertificate());
  }

  /** For the library's own listing, which does not need to know when the handshake is done. */
  private async prepareListing(): Promise<FTPResponse> {
    const raw = await this.openDataConnection('the folder');
    this.client.ftp.dataSocket = this.options.protection === 'P' ? this.secure(raw) : raw;
    return { code: 227, message: '227' };
  }

  /** What a folder holds. @throws DriverError */
  list(path: string): Promise<FileInfo[]> {
    return this.step('Listing the folder', () => this.client.list(path));
  }

  private async sizeFromListing(name: string): Promise<number | null> {
    const files = await this.list('/');
    return files.find((file) => file.name === name)?.size ?? null;
  }
}

/** A transfer that the printer has agreed to. */
export interface OpenTransfer {
  readonly socket: Socket;
  /** The reply after the data. */
  readonly final: Promise<FTPResponse>;
}

/** What the server answered, below the driver's words for it. */
function causeOf(error: unknown): unknown {
  return error instanceof DriverError ? error.cause : error;
}

function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () =>
      reject(new DriverError('unreachable', 'The printer closed the data channel.')),
    );
  });
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
