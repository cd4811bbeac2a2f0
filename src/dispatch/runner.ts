import type { Logger } from 'pino';
import type { Clock } from '../contract/time.js';
import type { Database } from '../database/database.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import { Cleaner } from './cleaner.js';
import { type DispatchRow, openDispatches } from './journal.js';
import { Lane, type LaneOptions } from './lane.js';
import { DEFAULT_TIMING, type DispatchTiming, type Moment, type Phase } from './machine-types.js';
import { type DispatchMeter, NO_METER } from './meter.js';
import type { StepProbe } from './printer-work.js';
import { observationOf } from './projection.js';
import type { StartPolicy } from './start-policy.js';

export interface RunnerOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Milliseconds that never jump; `performance.now` when absent. */
  readonly monotonic?: () => number;
  readonly log: Logger;
  readonly random: () => number;
  localPath(sha256: string): string;
  readonly timing?: Partial<DispatchTiming>;
  /** What an AMS tells of its spools is believed; false when absent. */
  readonly trustAms?: boolean;
  readonly probe?: StepProbe;
  /** Without one prints may begin at any time. */
  readonly policy?: StartPolicy;
  readonly meter?: DispatchMeter;
}

export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

const TICK_MS = 1_000;

/** Brings reserved jobs to their printers and follows them to their end: one lane per open dispatch. */
export class DispatchRunner {
  readonly #byPrinter = new Map<string, Lane>();
  readonly #byJob = new Map<string, Lane>();
  readonly #uploads = new Map<string, UploadProgress>();
  readonly #cleaner: Cleaner;
  #tick: NodeJS.Timeout | null = null;
  #tickedAt = 0;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly options: RunnerOptions) {
    const { settleMs } = { ...DEFAULT_TIMING, ...options.timing };
    this.#cleaner = new Cleaner({ ...options, settleMs });
  }

  /**
   * Takes up what an earlier process left open: what was only reserved goes back to the queue, a file on its way goes on
   * when its printer shows itself, the rest is watched.
   * A dispatch that cannot be read or written holds up nothing but itself.
   */
  async start(): Promise<void> {
    const { database, fleet, storeId, log } = this.options;
    await this.#cleaner.start();
    this.#unsubscribe = fleet.on({
      report: (printer) => {
        const lane = this.#byPrinter.get(printer.printerId);
        if (lane?.heedsReports && printer.report) {
          lane.glance({ kind: 'observed', ...this.#moment(), observation: observationOf(printer.report) });
        }
        if (!lane) this.#cleaner.onReport(printer);
      },
      connection: (printer) => {
        if (printer.connection.status !== 'online') {
          this.#byPrinter.get(printer.printerId)?.glance({ kind: 'connection-lost', ...this.#moment() });
        }
      },
      removed: (printerId) => {
        this.#byPrinter.get(printerId)?.glance({ kind: 'printer-removed', ...this.#moment() });
      },
    });
    const { rows, unreadable, held } = await database.write(systemContext(storeId), openDispatches);
    for (const id of unreadable) {
      log.error(
        { dispatch: id },
        'a dispatch in the journal is damaged; it is left as it is, with its printer',
      );
    }
    for (const row of rows) {
      const lane = this.#open(row);
      lane.glance({ kind: 'restarted', ...this.#moment() });
      // Without a session nothing would ever show what became of it.
      if (!held.has(row.printerId)) lane.glance({ kind: 'printer-removed', ...this.#moment() });
    }
    this.#tickedAt = this.#moment().mono;
    this.#tick = setInterval(() => this.#everySecond(), TICK_MS);
  }

  async stop(): Promise<void> {
    if (this.#tick) clearInterval(this.#tick);
    this.#tick = null;
    this.#unsubscribe?.();
    const lanes = [...this.#byPrinter.values()];
    await Promise.all([...lanes.map((lane) => lane.stop()), this.#cleaner.stop()]);
    this.#byPrinter.clear();
    this.#byJob.clear();
  }

  /** Begins with a reserved dispatch. */
  take(row: DispatchRow): void {
    const lane = this.#open(row);
    lane.glance({ kind: 'transfer-begun', ...this.#moment() });
  }

  /** Cancels a job that has a printer. @returns false when the job has no open dispatch */
  async cancel(jobId: string): Promise<boolean> {
    const lane = this.#byJob.get(jobId);
    if (!lane) return false;
    await lane.send({ kind: 'cancel', ...this.#moment() });
    return true;
  }

  /** Ends what is open on a printer that is being removed. */
  async printerRemoved(printerId: string): Promise<void> {
    await this.#byPrinter.get(printerId)?.send({ kind: 'printer-removed', ...this.#moment() });
  }

  /** Upload under way to a printer, null when there is none. */
  uploadProgress(printerId: string): UploadProgress | null {
    return this.#uploads.get(printerId) ?? null;
  }

  /** A dispatch is open on the printer. */
  isBusy(printerId: string): boolean {
    return this.#byPrinter.has(printerId);
  }

  /** A print is on its way to the printer and was not seen to begin yet. */
  isStarting(printerId: string): boolean {
    return this.#byPrinter.get(printerId)?.isStarting ?? false;
  }

  /** Where each open dispatch stands. */
  get phases(): readonly Phase[] {
    return [...this.#byPrinter.values()].map((lane) => lane.phase);
  }

  get openCount(): number {
    return this.#byPrinter.size;
  }

  /** Time since the open dispatches were last looked after, milliseconds: about a second while all is well. */
  get sinceTickMs(): number {
    return this.#moment().mono - this.#tickedAt;
  }

  #everySecond(): void {
    const moment = this.#moment();
    this.#tickedAt = moment.mono;
    for (const lane of this.#byPrinter.values()) {
      if (lane.heedsReports) lane.glance({ kind: 'tick', ...moment });
    }
  }

  #moment(): Moment {
    const { clock, monotonic } = this.options;
    return { at: clock.now(), mono: monotonic ? monotonic() : performance.now() };
  }

  #open(row: DispatchRow): Lane {
    const lane = new Lane(row, this.#laneOptions(row));
    this.#byPrinter.set(row.printerId, lane);
    this.#byJob.set(row.printJobId, lane);
    return lane;
  }

  #laneOptions(row: DispatchRow): LaneOptions {
    const { database, storeId, fleet, clock, log, random, timing, probe, policy, trustAms } = this.options;
    const { meter = NO_METER } = this.options;
    const serial = fleet.live(row.printerId)?.serial;
    return {
      moment: () => this.#moment(),
      log: log.child({ dispatch: row.id, ...(serial === undefined ? {} : { printer: serial }) }),
      random,
      timing: { ...DEFAULT_TIMING, ...timing },
      trustAms: trustAms ?? false,
      probe: probe ?? (() => undefined),
      write: (fn) => database.write(systemContext(storeId, row.id), fn),
      live: (printerId) => fleet.live(printerId),
      closed: () => policy?.closed(clock.now()) ?? null,
      localPath: (sha256) => this.options.localPath(sha256),
      meter,
      onProgress: (printerId, sentBytes, totalBytes) => {
        const before = this.#uploads.get(printerId)?.sentBytes ?? 0;
        // A further try begins at its beginning.
        meter.sent(sentBytes < before ? sentBytes : sentBytes - before);
        this.#uploads.set(printerId, { sentBytes, totalBytes });
      },
      onEnded: (lane) => {
        if (this.#byPrinter.get(lane.printerId) === lane) this.#byPrinter.delete(lane.printerId);
        if (this.#byJob.get(lane.jobId) === lane) this.#byJob.delete(lane.jobId);
        this.#uploads.delete(lane.printerId);
        const { outcome, message } = lane.row;
        if (outcome === 'completed' && message !== null) fleet.notice(lane.printerId, 'ended-early', message);
        this.#cleaner.add(lane.row);
      },
    };
  }
}
