import type { Logger } from 'pino';
import {
  type Capabilities,
  type CheckResult,
  type Connection,
  type DiscoveredPrinter,
  DriverError,
  type PrinterDriver,
  type PrinterTarget,
} from '../../drivers/driver.js';
import type { Clock } from '../contract/time.js';
import type { Database } from '../database/database.js';
import { decodeRow } from '../database/rows.js';
import type { PrinterConnection } from '../domain/printers.js';
import { systemContext } from '../domain/stores.js';
import { printerConnection } from '../resources/index.js';
import { Entry } from './entry.js';
import type { LivePrinter } from './live-printer.js';
import type { Notice, NoticeCode } from './notices.js';
import type { OpenStretch } from './print-clock.js';
import type { ShownPrint } from './prints-watch.js';
import { NO_TRAFFIC, TrafficLog, type TrafficMessage } from './traffic-log.js';

export interface FleetOptions {
  readonly driver: PrinterDriver;
  readonly database: Database;
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Trust anchors (PEM) beside the vendor's own, by serial; the empty key is for all. */
  readonly extraCa: ReadonlyMap<string, readonly string[]>;
  /** Left out: messages are never kept. */
  readonly traffic?: TrafficLog;
  /** What an AMS tells of its spools overwrites what the library has left of them; false when absent. */
  readonly trustAms?: boolean;
  /** How long a printer may be away before anybody is told, milliseconds; a printer's boot when absent. */
  readonly awayGraceMs?: number;
}

export interface FleetEvents {
  /** A report arrived. Called for every one: be quick. */
  readonly report: (printer: LivePrinter) => void;
  readonly connection: (printer: LivePrinter) => void;
  readonly removed: (printerId: string) => void;
}

/** A session that stands, for a printer that is not registered yet. */
export interface Candidate {
  readonly capabilities: Capabilities | null;
  readonly pinnedFingerprint: string | null;
  /** Ends the session; for when registering did not come to pass. */
  discard(): Promise<void>;
}

/** Every printer's live session and state. A failure in one never touches another. */
export class Fleet {
  readonly #entries = new Map<string, Entry>();
  readonly #bySerial = new Map<string, Entry>();
  readonly #listeners = new Set<Partial<FleetEvents>>();
  readonly #candidates = new WeakMap<Candidate, Entry>();

  readonly #traffic: TrafficLog;

  constructor(private readonly options: FleetOptions) {
    this.#traffic = options.traffic ?? new TrafficLog(NO_TRAFFIC, options.clock);
  }

  /** Starts a session for every registered printer. Waits for none of them. */
  async start(): Promise<void> {
    const rows = await this.#known()
      .where('printerConnection.storeId', '=', this.options.storeId)
      .where('active', '=', 1)
      .execute();
    for (const raw of rows) {
      try {
        const row = decodeRow(printerConnection, raw);
        this.#open(row, openStretch(raw));
      } catch (error) {
        this.options.log.error(
          { err: error, printer: raw.serial },
          'no session can be made with this printer',
        );
      }
    }
  }

  async stop(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#bySerial.clear();
    await Promise.all(entries.map((entry) => entry.stop()));
  }

  on(listener: Partial<FleetEvents>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  live(printerId: string): LivePrinter | null {
    return this.#entries.get(printerId) ?? null;
  }

  /** What a person should have looked at, the newest last. */
  notices(printerId: string): readonly Notice[] {
    return this.#entries.get(printerId)?.notices.all ?? [];
  }

  /** Says that a person should look at a printer. */
  notice(printerId: string, code: NoticeCode, message: string): void {
    this.#entries.get(printerId)?.notice(code, message);
  }

  all(): readonly LivePrinter[] {
    return [...this.#entries.values()];
  }

  /** What went over the connection of a printer lately, without secrets; null when that is not kept. */
  messages(printerId: string): readonly TrafficMessage[] | null {
    if (!this.#traffic.enabled) return null;
    return this.#entries.get(printerId)?.messages() ?? [];
  }

  /** What stands between the daemon and a printer, by the session that it has; null for one that it does not know. */
  async examine(serial: string, signal: AbortSignal): Promise<readonly CheckResult[] | null> {
    const entry = this.#bySerial.get(serial);
    if (entry === undefined) return null;
    const results: CheckResult[] = [];
    const onCheck = (result: CheckResult) => void results.push(result);
    await this.options.driver.examine(entry.target, { signal, live: entry.session, onCheck });
    return results;
  }

  isRegistered(serial: string): boolean {
    return this.#bySerial.has(serial);
  }

  get models(): readonly Capabilities[] {
    return this.options.driver.models;
  }

  /**
   * Connects to a printer that may be registered and waits for its first report.
   *
   * @throws DriverError with the reason why the session did not stand
   */
  async tryConnect(target: PrinterTarget, timeoutMs: number): Promise<Candidate> {
    const entry = this.#entryFor(null, target, null, null);
    const outcome = deferred();
    const timer = setTimeout(() => outcome.reject(entry.connectTimeout(timeoutMs)), timeoutMs);
    const unwatch = entry.watch(
      (connection) => settle(connection, outcome),
      (report) => report.complete && outcome.resolve(),
    );
    try {
      entry.start();
      await outcome.promise;
    } catch (error) {
      await entry.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      unwatch();
    }
    const candidate: Candidate = {
      capabilities: entry.capabilities,
      pinnedFingerprint: entry.pinnedFingerprint,
      discard: () => entry.stop(),
    };
    this.#candidates.set(candidate, entry);
    return candidate;
  }

  /** Takes over the session of a candidate whose printer has been registered. */
  adopt(printerId: string, candidate: Candidate): void {
    const entry = this.#candidates.get(candidate);
    if (!entry) throw new Error('The candidate belongs to another fleet');
    entry.register(printerId);
    this.#entries.set(printerId, entry);
    this.#bySerial.set(entry.serial, entry);
    entry.recordNow();
  }

  /** Starts, or points anew, the session of a registered printer. */
  async refresh(printerId: string): Promise<void> {
    const raw = await this.#known().where('printerId', '=', printerId).executeTakeFirst();
    if (!raw) return;
    const row = decodeRow(printerConnection, raw);
    const entry = this.#entries.get(printerId);
    if (entry) entry.retarget(this.#target(row));
    else this.#open(row, openStretch(raw));
  }

  async remove(printerId: string): Promise<void> {
    const entry = this.#entries.get(printerId);
    if (!entry) return;
    this.#entries.delete(printerId);
    this.#bySerial.delete(entry.serial);
    this.#traffic.forget(entry.serial);
    for (const listener of this.#listeners) listener.removed?.(printerId);
    await entry.stop();
  }

  /** A printer announced itself. A known one that we lost is followed to its new address; its certificate decides. */
  onAnnounced(seen: DiscoveredPrinter): void {
    this.#bySerial.get(seen.serial)?.followTo(seen);
  }

  /** How printers are reached, with the time of printing that is still to be counted. */
  #known() {
    return this.options.database.read
      .selectFrom('printerConnection')
      .innerJoin('printer', 'printer.id', 'printerConnection.printerId')
      .selectAll('printerConnection')
      .select(['printer.printingSince', 'printer.printingMinutesLeft']);
  }

  #open(row: PrinterConnection, open: OpenStretch | null): void {
    const entry = this.#entryFor(row.printerId, this.#target(row), row.shownPrint, open);
    this.#entries.set(row.printerId, entry);
    this.#bySerial.set(row.serial, entry);
    entry.start();
  }

  #entryFor(
    printerId: string | null,
    target: PrinterTarget,
    shown: ShownPrint | null,
    open: OpenStretch | null,
  ): Entry {
    const { driver, database, storeId, clock, log, awayGraceMs, trustAms = false } = this.options;
    return new Entry(printerId, target, {
      driver,
      clock,
      shown,
      open,
      trustAms,
      traffic: this.#traffic,
      ...(awayGraceMs === undefined ? {} : { awayGraceMs }),
      log: log.child({ printer: target.serial }),
      write: (fn) => database.write(systemContext(storeId), fn),
      emitReport: (entry) => {
        for (const listener of this.#listeners) listener.report?.(entry);
      },
      emitConnection: (entry) => {
        for (const listener of this.#listeners) listener.connection?.(entry);
      },
    });
  }

  #target(row: PrinterConnection): PrinterTarget {
    const { extraCa } = this.options;
    return {
      serial: row.serial,
      host: row.host,
      mqttPort: row.mqttPort,
      ftpPort: row.ftpPort,
      cameraPort: row.cameraPort,
      accessCode: row.accessCode,
      trust: row.trust,
      pinnedFingerprint: row.pinnedFingerprint,
      modelCode: row.modelCode,
      extraCa: [...(extraCa.get('') ?? []), ...(extraCa.get(row.serial) ?? [])],
    };
  }

  /** The same trust anchors for a printer that is not registered. */
  trustAnchors(serial: string): readonly string[] {
    return [...(this.options.extraCa.get('') ?? []), ...(this.options.extraCa.get(serial) ?? [])];
  }
}

function openStretch(row: {
  readonly printingSince: string | null;
  readonly printingMinutesLeft: number | null;
}): OpenStretch | null {
  if (row.printingSince === null) return null;
  return { since: Date.parse(row.printingSince), minutesLeft: row.printingMinutesLeft };
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve: () => resolve(), reject: (error) => reject(error) };
}

function settle(connection: Connection, outcome: Deferred): void {
  if (connection.status !== 'offline' && connection.status !== 'refused') return;
  outcome.reject(connection.error ?? new DriverError('unreachable', 'the connection was lost'));
}
