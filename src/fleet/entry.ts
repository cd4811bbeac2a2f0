import type { Logger } from 'pino';
import {
  type Capabilities,
  type Connection,
  type DiscoveredPrinter,
  DriverError,
  type PrinterDriver,
  type PrinterReport,
  type PrinterSession,
  type PrinterTarget,
} from '../../drivers/driver.js';
import type { Clock } from '../contract/time.js';
import type { Transaction } from '../database/transaction.js';
import { connectionOf } from '../domain/printers.js';
import { printerConnection } from '../resources/index.js';
import { ConnectionStory } from './connection-story.js';
import type { LivePrinter } from './live-printer.js';
import { type NoticeCode, Notices } from './notices.js';
import { type OpenStretch, PrintClock } from './print-clock.js';
import { PrintsWatch, type ShownPrint } from './prints-watch.js';
import { Records } from './records.js';
import type { TrafficLog, TrafficMessage } from './traffic-log.js';
import { mayFollow, type Place, Whereabouts } from './whereabouts.js';

export interface EntryOptions {
  readonly driver: PrinterDriver;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a printer may be away before anybody is told; a printer's boot when absent. */
  readonly awayGraceMs?: number;
  /** What the printer showed before this process; null when that is not known. */
  readonly shown: ShownPrint | null;
  /** What an AMS tells of its spools overwrites what the library has left of them. */
  readonly trustAms: boolean;
  /** What it printed, and is counted since when, when an earlier process wrote it down. */
  readonly open: OpenStretch | null;
  write<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  emitReport(entry: LivePrinter): void;
  emitConnection(entry: LivePrinter): void;
  readonly traffic: TrafficLog;
}

type DeveloperMode = PrinterReport['state']['developerMode'];

/** One printer in the fleet: its session, its newest report, and the writing of what changed. */
export class Entry implements LivePrinter {
  readonly session: PrinterSession;
  report: PrinterReport | null = null;
  capabilities: Capabilities | null;
  #printerId: string | null;
  #target: PrinterTarget;
  #stopped = false;
  readonly #whereabouts: Whereabouts;
  readonly #prints: PrintsWatch;
  readonly #printClock: PrintClock;
  readonly #story: ConnectionStory;
  readonly notices = new Notices();
  readonly #watchers = new Set<(connection: Connection | null, report: PrinterReport | null) => void>();
  readonly #records: Records;

  constructor(
    printerId: string | null,
    target: PrinterTarget,
    private readonly options: EntryOptions,
  ) {
    this.#printerId = printerId;
    this.#target = target;
    this.#whereabouts = new Whereabouts(target);
    this.#prints = new PrintsWatch(options.shown);
    this.#printClock = new PrintClock(options.open);
    this.#records = new Records(this, this.#prints, this.#printClock, {
      log: options.log,
      trustAms: options.trustAms,
      write: (fn) => options.write(fn),
      notice: (code, message) => this.notice(code, message),
    });
    this.#story = new ConnectionStory({
      log: options.log,
      alert: (code, message) => this.notice(code, message),
      ...(options.awayGraceMs === undefined ? {} : { graceMs: options.awayGraceMs }),
    });
    this.capabilities = options.driver.capabilitiesOf(target.modelCode, target.serial);
    this.session = options.driver.createSession(
      target,
      {
        onConnection: (connection) => this.#onConnection(connection),
        onReport: (report) => this.#onReport(report),
        onPinned: (fingerprint) => this.#onPinned(fingerprint),
        onCapabilities: (capabilities) => this.#onCapabilities(capabilities),
        onTraffic: (direction, topic, payload) =>
          options.traffic.note(target.serial, direction, topic, payload),
      },
      options.log,
    );
  }

  get printerId(): string {
    if (this.#printerId === null) throw new Error(`The printer ${this.serial} is not registered`);
    return this.#printerId;
  }

  get serial(): string {
    return this.#target.serial;
  }

  get connection(): Connection {
    return this.session.connection;
  }

  /** Where it is looked for now, and what proves it. */
  get target(): PrinterTarget {
    return this.#target;
  }

  get pinnedFingerprint(): string | null {
    return this.#target.pinnedFingerprint;
  }

  start(): void {
    this.session.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#records.stop();
    this.#story.stop();
    await this.session.stop();
    await this.#records.settled();
  }

  register(printerId: string): void {
    this.#printerId = printerId;
    this.#story.note(this.connection);
  }

  /** The database's word on how the printer is reached; where it was found since counts unless that has changed. */
  retarget(target: PrinterTarget): void {
    this.#turnTo({ ...target, ...this.#whereabouts.told(target) });
  }

  /** What went over its connection lately, without secrets. */
  messages(): readonly TrafficMessage[] {
    return this.options.traffic.of(this.serial, [this.#target.accessCode]);
  }

  watch(
    onConnection: (connection: Connection) => void,
    onReport: (report: PrinterReport) => void,
  ): () => void {
    const watcher = (connection: Connection | null, report: PrinterReport | null) => {
      if (connection) onConnection(connection);
      if (report) onReport(report);
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  connectTimeout(timeoutMs: number): DriverError {
    const { status } = this.connection;
    return new DriverError(
      'timeout',
      status === 'connecting'
        ? `${this.#target.host} did not answer within ${timeoutMs / 1000} s; is the printer on and the address right?`
        : `connected to ${this.#target.host}, but no report of ${this.serial} came within ${timeoutMs / 1000} s; ` +
            'check the serial number, or whether too many clients are connected to the printer',
    );
  }

  /** Says that a person should look at this printer: in the log, and where its live state is answered. */
  notice(code: NoticeCode, message: string): void {
    this.notices.add({ at: this.options.clock.now(), code, message });
    this.options.log.warn({ code }, message);
  }

  /**
   * Looks for a lost printer that announced itself: at once, and where it says it is now. A standing session is never
   * moved by hearsay.
   */
  followTo(seen: DiscoveredPrinter): void {
    const { status } = this.connection;
    const { trust, pinnedFingerprint, host, mqttPort } = this.#target;
    if (status !== 'offline' && status !== 'refused') return;
    if (seen.host === host && (seen.mqttPort ?? mqttPort) === mqttPort) this.session.hint();
    if (!mayFollow(trust, pinnedFingerprint)) return;
    const place = this.#whereabouts.heard(seen, performance.now());
    if (!place) return;
    this.options.log.info({ from: host, to: place.host }, 'printer announced itself at another address');
    this.#turnTo({ ...this.#target, ...place });
  }

  /** Writes the present facts even if nothing new arrives; after registering. */
  recordNow(): void {
    this.#records.record();
  }

  #turnTo(target: PrinterTarget): void {
    this.#target = target;
    this.session.retarget(target);
  }

  #onConnection(connection: Connection): void {
    this.#checkPlace(connection);
    for (const watcher of this.#watchers) watcher(connection, null);
    if (this.#printerId === null) return;
    if (!this.#stopped) this.#story.note(connection);
    this.options.emitConnection(this);
    this.#records.record();
  }

  /** The certificate is checked before the access code is given: who refuses the code has proved to be the printer. */
  #checkPlace({ status, error }: Connection): void {
    if (status === 'online' || (status === 'refused' && error?.kind === 'auth')) {
      const home = this.#whereabouts.proved();
      if (home) this.#storePlace(home);
    } else if (status === 'offline' || status === 'refused') {
      const home = this.#whereabouts.disproved();
      if (home) this.#turnTo({ ...this.#target, ...home });
    }
  }

  /** The configuration file's word on an address is not ours to change. */
  #storePlace({ host, mqttPort }: Place): void {
    const printerId = this.#printerId;
    if (printerId === null) return;
    this.#records.run(async (tx) => {
      const row = await connectionOf(tx, printerId);
      if (!row.configured) await tx.update(printerConnection, row.id, { host, mqttPort });
    });
  }

  #onReport(report: PrinterReport): void {
    this.#noteMode(this.report?.state.developerMode, report.state.developerMode);
    this.report = report;
    this.#prints.note(report);
    this.#printClock.note(report, performance.now());
    for (const watcher of this.#watchers) watcher(null, report);
    if (this.#printerId === null) return;
    // First: whatever others write because of this report, is written with what it says of the printer.
    this.#records.record();
    this.options.emitReport(this);
  }

  /** People should hear of it when it happens, and not when the next job waits. */
  #noteMode(before: DeveloperMode | undefined, now: DeveloperMode): void {
    if (now === before) return;
    const { log } = this.options;
    if (now === 'off')
      this.notice('developer-mode', 'the printer refuses commands: LAN Only Mode or Developer Mode is off');
    else if (before === 'off') log.info('the printer does not refuse commands any more');
  }

  #onCapabilities(capabilities: Capabilities): void {
    this.capabilities = capabilities;
    if (this.#printerId !== null) this.#records.record();
  }

  #onPinned(fingerprint: string): void {
    this.#target = { ...this.#target, pinnedFingerprint: fingerprint };
    const printerId = this.#printerId;
    if (printerId === null) return;
    this.#records.run(async (tx) => {
      const row = await connectionOf(tx, printerId);
      await tx.update(printerConnection, row.id, { pinnedFingerprint: fingerprint, pinnedAt: tx.now });
    });
  }
}
