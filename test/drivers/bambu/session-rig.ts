/** Sessions of the driver with emulated printers, and ways to wait for what happens to them. */

import type { CameraOptions } from '../../../drivers/bambu/camera.js';
import { createBambuDriver } from '../../../drivers/bambu/index.js';
import type { SessionTiming } from '../../../drivers/bambu/timing.js';
import type {
  Capabilities,
  Connection,
  ConnectionStatus,
  DriverLog,
  PrinterDriver,
  PrinterReport,
  PrinterSession,
  PrinterState,
  PrinterTarget,
  StartPrintRequest,
} from '../../../drivers/driver.js';
import { type EmulatedPrinter, Emulator, type EmulatorOptions } from '../../../drivers/emulator/index.js';
import { emulatorCa } from '../../fixtures/emulator-ca.js';
import { freshHost } from '../../fixtures/fresh-host.js';

export const quietLog: DriverLog = { debug() {}, info() {}, warn() {}, error() {} };

/** Keeps what was logged as one text. */
export function recordingLog(): { log: DriverLog; text: () => string } {
  const lines: string[] = [];
  const record = (fields: object, message: string): void => {
    lines.push(
      `${message} ${JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? String(value) : value))}`,
    );
  };
  return { log: { debug: record, info: record, warn: record, error: record }, text: () => lines.join('\n') };
}

/** Short waits, long enough for a busy machine. */
export const QUICK: Partial<SessionTiming> = {
  connectMs: 8_000,
  backOffFirstMs: 20,
  backOffLastMs: 60,
  crowdedBackOffMs: 80,
  refusedRetryMs: 60_000,
  acknowledgementMs: 3_000,
  startAcknowledgementMs: 3_000,
};

const WAIT_MS = 12_000;

/** One session and everything it told. */
export class Watched {
  readonly connections: Connection[] = [];
  readonly reports: PrinterReport[] = [];
  readonly pinned: string[] = [];
  readonly capabilities: Capabilities[] = [];
  readonly session: PrinterSession;
  readonly #waiting = new Set<() => void>();
  /** Called before a report is kept. */
  onReport: (report: PrinterReport) => void = () => {};

  constructor(driver: PrinterDriver, target: PrinterTarget, log: DriverLog = quietLog) {
    this.session = driver.createSession(
      target,
      {
        onConnection: (connection) => this.#keep(this.connections, connection),
        onReport: (report) => {
          this.#keep(this.reports, report);
          this.onReport(report);
        },
        onPinned: (fingerprint) => this.#keep(this.pinned, fingerprint),
        onCapabilities: (capabilities) => this.#keep(this.capabilities, capabilities),
      },
      log,
    );
  }

  #keep<T>(list: T[], item: T): void {
    list.push(item);
    for (const check of [...this.#waiting]) check();
  }

  /** Waits until the condition gives a value; it is asked again whenever the session tells something. */
  until<T>(condition: () => T | undefined | false, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(WAIT_MS);
      const check = (): void => {
        const value = condition();
        if (value === undefined || value === false) return;
        limit.removeEventListener('abort', fail);
        this.#waiting.delete(check);
        resolve(value);
      };
      const fail = (): void => {
        this.#waiting.delete(check);
        const seen = this.connections.map(
          (connection) => `${connection.status} ${connection.error?.message ?? ''}`,
        );
        reject(new Error(`waited for ${what}; the session told: ${seen.join(' | ')}`));
      };
      limit.addEventListener('abort', fail);
      this.#waiting.add(check);
      check();
    });
  }

  status(status: ConnectionStatus, since = 0): Promise<Connection> {
    return this.until(
      () => this.connections.slice(since).find((connection) => connection.status === status),
      `status ${status}`,
    );
  }

  report(condition: (report: PrinterReport) => boolean, what: string, since = 0): Promise<PrinterReport> {
    return this.until(() => this.reports.slice(since).find(condition), what);
  }

  state(condition: (state: PrinterState) => boolean, what: string, since = 0): Promise<PrinterReport> {
    return this.report((report) => report.complete && condition(report.state), what, since);
  }

  /** Started and with a full report. */
  async online(): Promise<this> {
    this.session.start();
    await this.report((report) => report.complete, 'a full report');
    return this;
  }
}

/** An emulator, a driver and the sessions between them. */
export class SessionRig {
  readonly emulator: Emulator;
  readonly driver: PrinterDriver;
  readonly #watched: Watched[] = [];

  private constructor(emulator: Emulator, driver: PrinterDriver) {
    this.emulator = emulator;
    this.driver = driver;
  }

  static async start(options: {
    readonly printers: readonly Partial<EmulatorOptions['printers'][number]>[];
    readonly timing?: Partial<SessionTiming>;
    readonly maxConnecting?: number;
    readonly speed?: number;
    readonly log?: DriverLog;
    readonly camera?: CameraOptions;
  }): Promise<SessionRig> {
    const emulator = new Emulator({
      ca: await emulatorCa(),
      reportIntervalMs: 100,
      speed: options.speed ?? 20,
      printers: options.printers.map((spec) => ({
        model: 'X1C',
        host: freshHost(),
        mqttPort: 0,
        ftpPort: 0,
        ...spec,
      })),
    });
    await emulator.start();
    const driver = createBambuDriver({
      log: options.log ?? quietLog,
      maxConnecting: options.maxConnecting ?? 4,
      maxTransfers: 2,
      timing: { ...QUICK, ...options.timing },
      ...(options.camera ? { camera: options.camera } : {}),
      random: () => 0.5,
    });
    return new SessionRig(emulator, driver);
  }

  printer(index = 0): EmulatedPrinter {
    const printer = this.emulator.printers[index];
    if (printer === undefined) throw new Error(`the rig has no printer ${index}`);
    return printer;
  }

  target(index = 0, changes: Partial<PrinterTarget> = {}): PrinterTarget {
    const printer = this.printer(index);
    return {
      serial: printer.serial,
      host: printer.host,
      mqttPort: printer.mqttPort,
      ftpPort: printer.ftpPort,
      cameraPort: printer.cameraPort,
      accessCode: printer.accessCode,
      trust: 'ca',
      extraCa: [this.emulator.caPem],
      pinnedFingerprint: null,
      modelCode: null,
      ...changes,
    };
  }

  watch(index = 0, changes: Partial<PrinterTarget> = {}, log: DriverLog = quietLog): Watched {
    const watched = new Watched(this.driver, this.target(index, changes), log);
    this.#watched.push(watched);
    return watched;
  }

  /** `project_file` commands that reached a printer. */
  starts(index = 0): number {
    const { serial } = this.printer(index);
    return this.emulator.log.entries.filter(
      (entry) => entry.serial === serial && entry.kind === 'project_file',
    ).length;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watched.map((watched) => watched.session.stop()));
    await this.emulator.stop();
  }
}

export function startRequest(changes: Partial<StartPrintRequest> = {}): StartPrintRequest {
  return {
    token: 4711,
    name: 'cube-4711',
    remoteName: 'cube-4711.gcode.3mf',
    plate: 1,
    filaments: [{ unitId: 0, slotIndex: 0, external: false, extruder: null }],
    bedLevelling: false,
    flowCalibration: false,
    timelapse: false,
    bedType: null,
    ...changes,
  };
}
