import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ErrorWithReasonCode, MqttClient } from 'mqtt';
import { DriverError, type PrinterTarget } from '../driver.js';
import { describeConnectError } from './connect-error.js';
import { FloodGuard } from './flood-guard.js';
import { reach, type SocketLimits, secure } from './secure-socket.js';
import { MAKE_ROOM } from './session-errors.js';

export interface ConnectionOptions {
  /** Never used before: a printer throws out the older of two clients with one id. */
  readonly clientId: string;
  /** For TCP, TLS, the MQTT handshake and the subscription, each. */
  readonly timeoutMs: number;
  readonly keepaliveSeconds: number;
}

/** Waits for a place; the function it gives hands the place on. @throws DriverError `aborted` */
export type Place = (signal: AbortSignal) => Promise<() => void>;

const NO_WAIT: Place = () => Promise.resolve(() => undefined);
const USER_NAME = 'bblp';
const GOODBYE_MS = 1000;
/** An MQTT DISCONNECT packet. */
const DISCONNECT = Buffer.from([0xe0, 0x00]);
const SERVER_UNAVAILABLE = 3;
const BAD_USER_OR_PASSWORD = 4;
const NOT_AUTHORISED = 5;

/**
 * One MQTT connection to one printer, used once (docs/protocol.md §4.1). A new attempt is a new object with a new
 * client id and an empty store: a library that reconnects by itself would repeat commands, and a repeated start
 * command prints something twice.
 */
export class PrinterConnection {
  readonly #target: PrinterTarget;
  readonly #options: ConnectionOptions;
  readonly #onMessage: (payload: Buffer) => void;
  readonly #guard = new FloodGuard();
  #socket: TLSSocket | null = null;
  #client: MqttClient | null = null;
  #fingerprint: string | null = null;
  #ending = false;
  #lastError: DriverError | null = null;
  #markClosed: (error: DriverError) => void = () => {};

  /** Resolves when the connection has ended after it was open, with the reason. */
  readonly closed: Promise<DriverError> = new Promise((resolve) => {
    this.#markClosed = resolve;
  });

  constructor(target: PrinterTarget, options: ConnectionOptions, onMessage: (payload: Buffer) => void) {
    this.#target = target;
    this.#options = options;
    this.#onMessage = onMessage;
  }

  /** SHA-256 of the printer's certificate; null before its identity was proved. */
  get fingerprint(): string | null {
    return this.#fingerprint;
  }

  /**
   * Proves the printer's identity, presents the access code and subscribes to the reports.
   * @param place waited for once the printer answers, and given back at the end: what follows costs computing time
   * @throws DriverError `unreachable`, `certificate`, `unsupported`, `auth`, `protocol`, `aborted`
   */
  async open(signal: AbortSignal, place: Place = NO_WAIT): Promise<void> {
    const raw = await reach(this.#target, this.#target.mqttPort, this.#limits(signal));
    const release = await place(signal).catch((error: unknown) => {
      raw.destroy();
      throw error;
    });
    try {
      await this.#enter(raw, signal);
    } finally {
      release();
    }
  }

  async #enter(raw: Socket, signal: AbortSignal): Promise<void> {
    const target = this.#target;
    const { socket, fingerprint } = await secure(raw, target, target.mqttPort, this.#limits(signal));
    this.#socket = socket;
    this.#fingerprint = fingerprint;
    try {
      await this.#greet(socket, signal);
    } catch (error) {
      this.#drop();
      throw describeConnectError(error, target, target.mqttPort);
    }
  }

  #limits(signal: AbortSignal): SocketLimits {
    return { timeoutMs: this.#options.timeoutMs, signal };
  }

  /**
   * Sends a command at QoS 1: at QoS 0 a printer busy with reports may leave it for half a minute.
   * @returns false when nothing was sent and nothing will be
   */
  publish(payload: string): boolean {
    const client = this.#client;
    if (this.#ending || client === null || !client.connected || this.#socket?.writable !== true) return false;
    // Whether it arrived shows in the acknowledgement; what the broker confirms or not says nothing.
    client.publish(`device/${this.#target.serial}/request`, payload, { qos: 1 }, () => {});
    return true;
  }

  /** Says goodbye, so that the printer frees the client's place at once. Resolves within a second or so. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (socket !== null && this.#client?.connected === true && !this.#ending) {
      this.#ending = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GOODBYE_MS);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        socket.end(DISCONNECT);
      });
    }
    this.#drop();
  }

  /** Gives the connection up for a reason of ours; `closed` then resolves with it. */
  giveUp(error: DriverError): void {
    this.#lastError = error;
    this.#drop();
  }

  #receive(payload: Buffer): void {
    if (this.#ending || this.#giveUpIf(this.#guard.noteMessage(performance.now()))) return;
    this.#onMessage(payload);
  }

  #giveUpIf(reason: DriverError | null): boolean {
    if (reason === null) return false;
    if (!this.#ending) this.giveUp(reason);
    return true;
  }

  #drop(): void {
    this.#ending = true;
    this.#client?.end(true);
    this.#socket?.destroy();
  }

  #greet(socket: TLSSocket, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const target = this.#target;
      const { timeoutMs } = this.#options;
      const client = this.#startClient(socket);
      let open = false;
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        if (error === null) resolve();
        else reject(error);
      };
      const onAbort = (): void =>
        settle(new DriverError('aborted', 'The connection was not wanted any more.'));
      const timer = setTimeout(() => {
        settle(
          new DriverError(
            'unreachable',
            `${target.host}:${target.mqttPort} is reachable, but neither accepts nor refuses the connection: it may have ` +
              `too many clients. ${MAKE_ROOM}`,
          ),
        );
      }, timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      client.on('error', (error) => {
        this.#lastError ??= describeMqttError(error, target);
      });
      client.once('close', () => {
        const error = this.#lastError ?? closedByPrinter(target, open);
        if (open) this.#markClosed(error);
        else settle(error);
      });
      client.once('connect', () => {
        client.subscribe(`device/${target.serial}/report`, { qos: 0 }, (error) => {
          if (this.#ending) return;
          open = error === null;
          settle(error === null ? null : refusedSubscription(error));
        });
      });
    });
  }

  #startClient(socket: TLSSocket): MqttClient {
    const client = new MqttClient(() => socket, {
      protocolVersion: 4,
      clean: true,
      clientId: this.#options.clientId,
      username: USER_NAME,
      password: this.#target.accessCode,
      keepalive: this.#options.keepaliveSeconds,
      // Longer than our own wait, which ends first and knows better what to say.
      connectTimeout: 2 * this.#options.timeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // The library's own debug log would show the access code.
      log: () => {},
    });
    this.#client = client;
    socket.on('data', (chunk: Buffer) => {
      this.#giveUpIf(this.#guard.noteBytes(chunk.length, performance.now()));
    });
    client.on('packetreceive', () => this.#guard.notePacket());
    client.on('message', (_topic, payload) => this.#receive(payload));
    return client;
  }
}

function describeMqttError(error: unknown, target: PrinterTarget): DriverError {
  if (error instanceof ErrorWithReasonCode) {
    if (error.code === BAD_USER_OR_PASSWORD || error.code === NOT_AUTHORISED) {
      return new DriverError(
        'auth',
        `The access code of ${target.serial} was refused. Look it up on the printer's screen under Settings > LAN only; ` +
          'it changes whenever LAN-only or Developer Mode is switched.',
      );
    }
    if (error.code === SERVER_UNAVAILABLE) return noRoom('The printer refused the MQTT connection');
    return new DriverError('protocol', `The printer refused the MQTT connection (reason ${error.code}).`);
  }
  return describeConnectError(error, target, target.mqttPort);
}

function closedByPrinter(target: PrinterTarget, wasOpen: boolean): DriverError {
  const place = `${target.host}:${target.mqttPort}`;
  return wasOpen
    ? new DriverError('unreachable', `${place} closed the connection.`)
    : noRoom(`${place} closed the connection instead of answering`);
}

function noRoom(what: string): DriverError {
  return new DriverError('unreachable', `${what}: it may have too many clients. ${MAKE_ROOM}`);
}

function refusedSubscription(error: Error): DriverError {
  return new DriverError(
    'protocol',
    `The printer refused the subscription to its reports: ${error.message}.`,
  );
}
