import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionStatus, DriverError, type DriverLog, type PrinterTarget } from '../driver.js';
import { BackOff, type Ending } from './back-off.js';
import { describeConnectError } from './connect-error.js';
import { PrinterConnection } from './connection.js';
import { FLOOD } from './flood-guard.js';
import type { Pace } from './pace.js';
import { MAKE_ROOM } from './session-errors.js';
import type { SessionTiming } from './timing.js';
import type { FifoSlots } from './transfer-slots.js';

export interface LinkEvents {
  /** `connecting`, `offline` or `refused`; what reports make of it is not the link's to say. */
  onStatus(status: ConnectionStatus, error: DriverError | null): void;
  /** Subscribed; messages follow. */
  onOpen(line: { publish(payload: string): boolean }): void;
  onMessage(payload: Buffer): void;
  onClosed(): void;
  onPinned(fingerprint: string): void;
}

export interface LinkParts {
  /** How soon one attempt may follow another, over all printers. */
  readonly pace: Pace;
  /** Places for handshakes under way, shared by all printers. */
  readonly connecting: FifoSlots;
  readonly timing: SessionTiming;
  readonly random: () => number;
}

/** Trying again soon does not mend these. */
const REFUSALS: ReadonlySet<string> = new Set(['auth', 'certificate', 'unsupported']);

/**
 * Keeps one printer connected: attempt, hold, back off, attempt again (docs/protocol.md §4.1). Every attempt is a
 * connection of its own.
 */
export class PrinterLink {
  readonly #parts: LinkParts;
  readonly #events: LinkEvents;
  readonly #log: DriverLog;
  readonly #backOff: BackOff;
  #target: PrinterTarget;
  #pinned: string | null;
  #life: AbortController | null = null;
  /** The end of the latest life; the next one begins after it. */
  #done: Promise<void> = Promise.resolve();
  /** Ends the present attempt, connection or pause, and only that. */
  #round = new AbortController();
  #connection: PrinterConnection | null = null;
  /** Ends the present pause between attempts; null when there is none, or nothing may shorten it. */
  #rest: AbortController | null = null;

  constructor(target: PrinterTarget, parts: LinkParts, events: LinkEvents, log: DriverLog) {
    this.#target = target;
    this.#pinned = target.pinnedFingerprint;
    this.#parts = parts;
    this.#events = events;
    this.#log = log;
    this.#backOff = new BackOff(parts.timing, parts.random);
  }

  /** As given, with the identity pinned since. */
  get target(): PrinterTarget {
    return { ...this.#target, pinnedFingerprint: this.#pinned };
  }

  get running(): boolean {
    return this.#life !== null;
  }

  start(): void {
    if (this.#life !== null) return;
    const life = new AbortController();
    this.#life = life;
    this.#done = this.#done.then(() => this.#supervise(life.signal));
  }

  async stop(): Promise<void> {
    this.#life?.abort();
    this.#life = null;
    await this.#done;
  }

  /** Reconnects at once where the change matters to the connection. */
  retarget(target: PrinterTarget): void {
    const before = this.target;
    this.#target = target;
    this.#pinned = target.pinnedFingerprint;
    if (leadsElsewhere(before, target)) this.#round.abort();
  }

  /** The printer showed a sign of life: a pause that is only due to its absence ends. */
  hint(): void {
    if (this.#rest !== null && this.#backOff.heeds(performance.now())) this.#rest.abort();
  }

  /** Ends the present connection for a reason; the next attempt follows after the back-off. */
  giveUp(error: DriverError): void {
    this.#connection?.giveUp(error);
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#backOff.reset();
    this.#events.onStatus('connecting', null);
    while (!signal.aborted) {
      const round = new AbortController();
      const endRound = (): void => round.abort();
      signal.addEventListener('abort', endRound, { once: true });
      this.#round = round;
      const ending = await this.#attempt(round.signal).catch((error: unknown) => this.#fault(error));
      if (ending === null) {
        this.#backOff.reset();
      } else if (!signal.aborted) {
        await this.#backAway(ending, round.signal);
      }
      // Led elsewhere: what comes of it there is news, even in the very words of the place before.
      if (round.signal.aborted && !signal.aborted) this.#events.onStatus('connecting', null);
      signal.removeEventListener('abort', endRound);
    }
  }

  /** One connection from its beginning to its end; null when it ended because we wanted it to. */
  async #attempt(signal: AbortSignal): Promise<Ending | null> {
    const { timing } = this.#parts;
    const target = this.target;
    let open = false;
    let heard = false;
    const connection = new PrinterConnection(
      target,
      {
        clientId: `printfarmd-${randomBytes(6).toString('hex')}`,
        timeoutMs: timing.connectMs,
        keepaliveSeconds: timing.keepaliveSeconds,
      },
      (payload) => {
        // Before the request for everything is out, reports cannot be judged.
        if (!open) return;
        heard = true;
        this.#events.onMessage(payload);
      },
    );
    try {
      await this.#open(connection, signal);
    } catch (error) {
      if (signal.aborted) return null;
      const reason = describeConnectError(error, target, target.mqttPort);
      return { error: reason, answered: connection.fingerprint !== null, heard, openMs: 0 };
    }
    open = true;
    this.#connection = connection;
    const openedAt = performance.now();
    this.#pin(connection.fingerprint);
    this.#events.onOpen(connection);
    const error = await Promise.race([connection.closed, aborted(signal)]);
    open = false;
    this.#connection = null;
    this.#events.onClosed();
    await connection.close();
    return error === null ? null : { error, answered: true, heard, openMs: performance.now() - openedAt };
  }

  /** A fault of ours costs this printer one attempt, and no other printer anything. */
  #fault(error: unknown): Ending {
    this.#log.error(
      { serial: this.#target.serial, err: error },
      'the connection of a printer ended by a fault',
    );
    const reason = new DriverError(
      'protocol',
      'The connection ended by a fault of this program; see its log.',
      {
        cause: error,
      },
    );
    return { error: reason, answered: false, heard: false, openMs: 0 };
  }

  async #open(connection: PrinterConnection, signal: AbortSignal): Promise<void> {
    await this.#parts.pace.turn(signal);
    await connection.open(signal, (until) => this.#parts.connecting.take(until));
  }

  #pin(fingerprint: string | null): void {
    if (this.#target.trust !== 'tofu' || this.#pinned !== null || fingerprint === null) return;
    this.#pinned = fingerprint;
    this.#events.onPinned(fingerprint);
  }

  async #backAway(ending: Ending, signal: AbortSignal): Promise<void> {
    this.#backOff.note(ending);
    const refused = REFUSALS.has(ending.error.kind) || ending.error.code === FLOOD;
    const error = this.#backOff.crowded ? crowdedError(ending.error) : ending.error;
    this.#events.onStatus(refused ? 'refused' : 'offline', error);
    const rest = new AbortController();
    this.#rest = refused ? null : rest;
    const early = AbortSignal.any([signal, rest.signal]);
    // An abort only ends the pause early.
    await pause(this.#backOff.delayMs(refused), undefined, { signal: early }).catch(() => {});
    this.#rest = null;
  }
}

function leadsElsewhere(before: PrinterTarget, after: PrinterTarget): boolean {
  return (
    before.host !== after.host ||
    before.mqttPort !== after.mqttPort ||
    before.accessCode !== after.accessCode ||
    before.trust !== after.trust ||
    before.pinnedFingerprint !== after.pinnedFingerprint ||
    before.extraCa.length !== after.extraCa.length ||
    before.extraCa.some((pem, index) => pem !== after.extraCa[index])
  );
}

function crowdedError(error: DriverError): DriverError {
  return new DriverError(
    'crowded',
    error.message.includes(MAKE_ROOM)
      ? `Time and again: ${error.message}`
      : `${error.message} It goes on like this: the printer may have too many clients. ${MAKE_ROOM}`,
    { cause: error, ...(error.code === null ? {} : { code: error.code }) },
  );
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
