/** One control connection of a printer's FTP server (docs/protocol.md §8.1). */
import { posix } from 'node:path';
import type { SecureContext, TLSSocket } from 'node:tls';
import { PassiveListener } from './ftp-data.js';
import { FILE_VERBS, type FileVerb } from './ftp-files.js';
import type { FtpServerOptions } from './ftp-server.js';
import { TRANSFER_VERBS, type TransferVerb } from './ftp-transfers.js';

const MAX_LINE_BYTES = 4096;
const IDLE_TIMEOUT_MS = 300_000;

const FEATURES = ['EPSV', 'MDTM', 'PASV', 'PBSZ', 'PROT', 'SIZE', 'UTF8'];

export class FtpSession {
  cwd = '/';
  renameFrom: string | null = null;
  /** PROT P. */
  encrypted = false;
  passive: PassiveListener | null = null;
  readonly #abort = new AbortController();
  #user = '';
  #loggedIn = false;
  #buffer = '';
  readonly #queue: string[] = [];
  #working = false;

  constructor(
    private readonly socket: TLSSocket,
    /** The context of the control channel: data channels resume its session. */
    readonly context: SecureContext,
    readonly options: FtpServerOptions,
    private readonly onClosed: (session: FtpSession) => void,
  ) {}

  /** Aborted when the control connection is gone. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  run(): void {
    this.socket.setTimeout(IDLE_TIMEOUT_MS, () => this.socket.destroy());
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('utf8')));
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      this.#abort.abort();
      this.dropPassive();
      this.onClosed(this);
    });
    this.reply(220, this.options.profile.ftp.greeting);
  }

  reply(code: number, message: string): void {
    if (!this.socket.destroyed) this.socket.write(`${code} ${message}\r\n`);
  }

  /** Cuts the connection without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Says a last word and closes. */
  end(code: number, message: string): void {
    this.socket.end(`${code} ${message}\r\n`);
  }

  path(argument: string): string {
    return posix.resolve(this.cwd, argument);
  }

  dropPassive(): void {
    this.passive?.close();
    this.passive = null;
  }

  /** Refuses a transfer for which the client has a data channel open already. */
  retirePassive(): void {
    const { passive } = this;
    this.passive = null;
    if (passive === null) return;
    passive.retire();
    this.signal.addEventListener('abort', () => passive.close());
  }

  #read(text: string): void {
    this.#buffer += text;
    for (let end = this.#buffer.indexOf('\n'); end >= 0; end = this.#buffer.indexOf('\n')) {
      this.#queue.push(this.#buffer.slice(0, end).replace(/\r$/, ''));
      this.#buffer = this.#buffer.slice(end + 1);
    }
    if (this.#buffer.length > MAX_LINE_BYTES) {
      this.socket.destroy();
      return;
    }
    void this.#work();
  }

  /** One command after the other, as the protocol wants. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
      const space = line.indexOf(' ');
      const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
      try {
        await this.#command(verb, space < 0 ? '' : line.slice(space + 1));
      } catch (error) {
        this.options.record('ftp', 'broken', { verb, error: String(error) });
        this.reply(451, 'Requested action aborted. Local error in processing.');
      }
    }
    this.#working = false;
  }

  async #command(verb: string, argument: string): Promise<void> {
    switch (verb) {
      case 'USER':
        this.#user = argument;
        this.reply(331, 'Please specify the password.');
        return;
      case 'PASS':
        this.#login(argument);
        return;
      case 'QUIT':
        this.end(221, 'Goodbye.');
        return;
      case 'FEAT':
        this.#features();
        return;
      case 'NOOP':
        this.reply(200, 'NOOP ok.');
        return;
      case 'AUTH':
        this.reply(534, 'The connection is encrypted already.');
        return;
    }
    if (!this.#loggedIn) {
      this.reply(530, 'Please login with USER and PASS.');
      return;
    }
    await this.#privileged(verb, argument);
  }

  async #privileged(verb: string, argument: string): Promise<void> {
    switch (verb) {
      case 'SYST':
        this.reply(215, 'UNIX Type: L8');
        return;
      case 'TYPE':
        this.reply(200, /^[IL]/i.test(argument) ? 'Switching to Binary mode.' : 'Switching to ASCII mode.');
        return;
      case 'STRU':
      case 'MODE':
      case 'OPTS':
      case 'ALLO':
        this.reply(200, 'Ok.');
        return;
      case 'PBSZ':
        this.reply(200, 'PBSZ set to 0.');
        return;
      case 'PROT':
        this.#protect(argument.toUpperCase());
        return;
      case 'PASV':
      case 'EPSV':
        await this.#openPassive(verb);
        return;
    }
    const file: FileVerb | undefined = FILE_VERBS.get(verb);
    if (file !== undefined) return file(this, argument);
    const transfer: TransferVerb | undefined = TRANSFER_VERBS.get(verb);
    if (transfer !== undefined) return transfer(this, argument);
    this.reply(500, 'Unknown command.');
  }

  #login(password: string): void {
    this.#loggedIn = this.#user === 'bblp' && password === this.options.accessCode();
    this.options.record('ftp', this.#loggedIn ? 'login' : 'refused', { verb: 'PASS' });
    if (this.#loggedIn) this.reply(230, 'Login successful.');
    else this.reply(530, 'Login incorrect.');
  }

  #features(): void {
    this.socket.write(`211-Features:\r\n${FEATURES.map((f) => ` ${f}\r\n`).join('')}211 End\r\n`);
  }

  #protect(level: string): void {
    if (level !== 'P' && level !== 'C') {
      this.reply(536, 'PROT command only supports C and P.');
      return;
    }
    this.encrypted = level === 'P';
    this.reply(200, level === 'P' ? 'PROT now Private.' : 'PROT now Clear.');
  }

  async #openPassive(verb: string): Promise<void> {
    this.dropPassive();
    const passive = new PassiveListener();
    const port = await passive.open(this.options.host());
    if (this.signal.aborted) {
      passive.close();
      return;
    }
    this.passive = passive;
    if (verb === 'EPSV') {
      this.reply(229, `Entering Extended Passive Mode (|||${port}|)`);
      return;
    }
    const address = this.options.profile.ftp.pasvZeroAddress ? '0.0.0.0' : this.options.host();
    this.reply(227, `Entering Passive Mode (${address.replaceAll('.', ',')},${port >> 8},${port & 0xff}).`);
  }
}
