/**
 * The one interface by which the daemon knows printers.
 *
 * A driver turns a vendor's protocol into the words of this file and nothing beyond it sees a raw field.
 * This file imports nothing, and drivers import nothing from `src/`.
 */

/** What a printer is doing, in the vendor's own upper-case words (docs/protocol.md §5.2). */
export const PRINTER_ACTIVITIES = [
  'IDLE',
  'PREPARE',
  'SLICING',
  'RUNNING',
  'PAUSE',
  'FINISH',
  'FAILED',
] as const;
export type PrinterActivity = (typeof PRINTER_ACTIVITIES)[number];

/** `PREPARE`, `SLICING`, `RUNNING` or `PAUSE`: a print occupies the machine. */
export function isPrinting(activity: PrinterActivity | null): boolean {
  return activity === 'PREPARE' || activity === 'SLICING' || activity === 'RUNNING' || activity === 'PAUSE';
}

/** The identifiers a report carries about the print on the machine; '' or '0' mean "none". */
export interface PrintIdentity {
  readonly taskId: string;
  readonly subtaskId: string;
  readonly jobId: string;
  /** Display name of the print; ours is unique per dispatch. */
  readonly name: string;
  readonly file: string;
}

export interface PrintProgress {
  readonly identity: PrintIdentity;
  /** 0 to 100. */
  readonly percent: number | null;
  /** Minutes. Meaningful only while a print is active. */
  readonly remainingMinutes: number | null;
  readonly layer: number | null;
  /** Last positive value of this print; some firmware zeroes it at the end. */
  readonly totalLayers: number | null;
  /** 0 to 100, transfer and unpacking on the printer's side while `PREPARE`. */
  readonly downloadPercent: number | null;
  /** Stage number (docs/protocol.md §5.3), null when idle. */
  readonly stage: number | null;
  readonly stageText: string;
  /** Unsigned 32 bit error number of this moment; 0 is none. */
  readonly printError: number;
  /** `0300_400C` form of `printError`, null when there is none. */
  readonly errorCode: string | null;
  /** Error number of the last failure where the firmware keeps it; 0 is none. */
  readonly failReason: number;
  /** Objects left out of this print, by the numbers the sliced file gives them. */
  readonly skippedObjects: readonly number[];
}

/** One place that can hold a spool: an AMS slot or an external holder. */
export interface SlotState {
  /** AMS unit id as the printer numbers it (0-3, 16, 128-135); 255 or 254 for an external holder. */
  readonly unitId: number;
  /** Position of the unit among the printer's units, from 0; -1 for external holders. */
  readonly amsIndex: number;
  /** Slot inside the unit, from 0; for external holders 0 is the first, 1 the second. */
  readonly slotIndex: number;
  /** Global tray number: 4*unit+slot, 128+n for a one-slot unit, 254 for the external holder, 255 for the second. */
  readonly tray: number;
  /** Extruder this place feeds; null when the printer has one extruder or does not say. */
  readonly extruder: number | null;
  readonly loaded: boolean;
  readonly reading: boolean;
  /** Whether the printer knows what the spool is; null when it does not say. */
  readonly identified: boolean | null;
  /** Filament type such as `PLA`; '' when empty or not known. */
  readonly type: string;
  /** `RRGGBBAA`, upper case; '' when empty. */
  readonly color: string;
  readonly colors: readonly string[];
  /** Preset id such as `GFA00`; '' when unknown. */
  readonly infoIdx: string;
  readonly brand: string;
  /** RFID tag, null when the spool has none. */
  readonly tagUid: string | null;
  readonly trayUuid: string | null;
  /** Percent, -1 unknown. */
  readonly remain: number;
  /** Filament on the spool when it was new, grams; null when the printer does not say. */
  readonly spoolGrams: number | null;
  readonly nozzleTempMin: number | null;
  readonly nozzleTempMax: number | null;
}

/** What the dryer of an AMS does; `runaway` means that its heater cannot be stopped. */
export type DryingPhase =
  | 'off'
  | 'checking'
  | 'drying'
  | 'cooling'
  | 'stopping'
  | 'fault'
  | 'runaway'
  | 'testing';

export interface AmsUnitState {
  readonly unitId: number;
  readonly amsIndex: number;
  readonly kind: 'ams' | 'ams-lite' | 'ams-2-pro' | 'ams-ht' | 'unknown';
  readonly extruder: number | null;
  /** 1 (wet) to 5 (dry); null when nonsense or absent. */
  readonly humidityLevel: number | null;
  readonly humidityPercent: number | null;
  readonly temperature: number | null;
  readonly dryMinutesLeft: number;
  /** Null when the unit does not say, as one without a heater. */
  readonly dryPhase: DryingPhase | null;
  /** What the drying under way was set to, degrees Celsius. */
  readonly dryTarget: number | null;
}

export interface NozzleState {
  readonly index: number;
  /** Millimetres as text, such as `0.4`; null when unknown. */
  readonly diameter: string | null;
  readonly type: string | null;
  readonly temp: number | null;
  readonly target: number | null;
  /** Whether filament is in its extruder; null when the machine does not say. */
  readonly hasFilament: boolean | null;
}

export type HealthSeverity = 'fatal' | 'serious' | 'common' | 'info';

export interface HealthMessage {
  /** `0300_400C` for print errors, `0500_0600_0002_0070` for HMS entries. */
  readonly code: string;
  readonly message: string;
  readonly severity: HealthSeverity;
  /** `state`: concluded from other fields, not raised by the printer as a message. */
  readonly source: 'hms' | 'print-error' | 'state';
  /** `HMS_0500_0600_0002_0070`, as the vendor's wiki names its pages; null for print errors. */
  readonly wikiCode: string | null;
}

/** Everything the daemon reads of a printer, normalised once per report. Absent means unknown, never zero. */
export interface PrinterState {
  readonly activity: PrinterActivity | null;
  readonly print: PrintProgress;
  readonly bedTemp: number | null;
  readonly bedTarget: number | null;
  readonly nozzles: readonly NozzleState[];
  readonly activeNozzle: number;
  /** Null when the model has no sensor. */
  readonly chamberTemp: number | null;
  readonly chamberTarget: number | null;
  /** Percent 0-100; null when the model has no such fan or says nothing. */
  readonly fans: {
    readonly part: number | null;
    readonly aux: number | null;
    readonly chamber: number | null;
    readonly secondAux: number | null;
    readonly internal: number | null;
    readonly heatbreak: number | null;
  };
  /** What the air duct is set to; null on machines without one. */
  readonly airMode: 'cooling' | 'heating' | 'laser' | null;
  /** Mode by light node: `chamber_light` -> `on`. */
  readonly lights: Readonly<Record<string, string>>;
  readonly homed: { readonly x: boolean; readonly y: boolean; readonly z: boolean } | null;
  readonly doorOpen: boolean | null;
  readonly storage: 'ok' | 'none' | 'abnormal' | 'read-only' | null;
  readonly wifiDbm: number | null;
  /** Whether the cable is in use; null when the machine does not say. */
  readonly wired: boolean | null;
  readonly address: string | null;
  readonly amsUnits: readonly AmsUnitState[];
  readonly slots: readonly SlotState[];
  /** Global tray in use; null when none. */
  readonly activeTray: number | null;
  readonly health: readonly HealthMessage[];
  readonly developerMode: 'on' | 'off' | 'unknown';
  readonly firmware: string | null;
  readonly upgrading: boolean;
  readonly speedLevel: number | null;
}

export interface PrinterReport {
  /** Daemon clock, epoch milliseconds: when the report arrived. */
  readonly receivedAt: number;
  /**
   * When the printer last said what it is doing, same clock; null while it never has. Reports of changes leave it out,
   * and faulty firmware does: then `state.activity` is what was true at that time.
   */
  readonly activityAt: number | null;
  /** Counts up by one per report of this session object, across reconnects. */
  readonly sequence: number;
  /** True once a full report has arrived since the connection was made; before that nothing may be concluded. */
  readonly complete: boolean;
  readonly state: PrinterState;
}

export type ConnectionStatus =
  | 'stopped'
  | 'connecting'
  /** Connected and a report has arrived. */
  | 'online'
  /** Connected, but no report within the stale limit. */
  | 'stale'
  /** Not connected; a further attempt is scheduled. */
  | 'offline'
  /** Refused for a reason that retrying soon will not mend: access code or identity. */
  | 'refused';

export interface Connection {
  readonly status: ConnectionStatus;
  /** Epoch milliseconds of the last change. */
  readonly since: number;
  readonly error: DriverError | null;
}

export const DRIVER_ERROR_KINDS = [
  'unreachable',
  /** The printer is there, but seems to have no room for another client. */
  'crowded',
  'auth',
  'certificate',
  'developer-mode',
  'busy',
  'storage-full',
  'storage',
  'rejected',
  'unsupported',
  'timeout',
  'protocol',
  'not-confirmed',
  'aborted',
] as const;
export type DriverErrorKind = (typeof DRIVER_ERROR_KINDS)[number];

/** Every failure a driver reports. `message` says what happened and, where known, what would mend it. */
export class DriverError extends Error {
  constructor(
    readonly kind: DriverErrorKind,
    message: string,
    options?: { cause?: unknown; code?: string },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DriverError';
    this.code = options?.code ?? null;
  }

  /** The printer's or the protocol's own code (`0500_4004`, FTP `552`), null when there is none. */
  readonly code: string | null;
}

export type TrustMode = 'ca' | 'tofu' | 'insecure';

/** Where a printer is and what proves it. */
export interface PrinterTarget {
  readonly serial: string;
  readonly host: string;
  readonly mqttPort: number;
  readonly ftpPort: number;
  readonly accessCode: string;
  readonly trust: TrustMode;
  /** Additional trust anchors (PEM) for `ca`. */
  readonly extraCa: readonly string[];
  /** SHA-256 of the leaf seen first, upper-case hex with colons; null pins at the next connection (`tofu`). */
  readonly pinnedFingerprint: string | null;
  /** Model code when known from discovery or an earlier session. */
  readonly modelCode: string | null;
  /** Left out: where cameras of its model listen. */
  readonly cameraPort?: number | null;
}

/** What a model can do; data, so that quirks never become branches in the flow. */
export interface Capabilities {
  readonly modelCode: string;
  readonly modelName: string;
  readonly nozzles: number;
  /** Model codes whose sliced files run here, its own first. */
  readonly runsFilesFor: readonly string[];
  readonly hasChamberTemp: boolean;
  readonly hasChamberHeater: boolean;
  readonly hasDoorSensor: boolean;
  readonly nozzleTempMaxC: number;
  readonly bedTempMaxC: number;
  readonly chamberTempMaxC: number | null;
  /** Millimetres X, Y, Z. */
  readonly bedSizeMm: readonly [number, number, number];
  /** `jpeg` sends single pictures, `rtsps` a video stream. */
  readonly camera: 'jpeg' | 'rtsps';
}

/** Where the filament with this index comes from; null means the plate does not use that index. */
export type FilamentSource = {
  readonly unitId: number;
  readonly slotIndex: number;
  readonly external: boolean;
  readonly extruder: number | null;
};

export interface StartPrintRequest {
  /** Our token, 1 to 2147483647, unique per dispatch; it comes back in reports. */
  readonly token: number;
  /** Display name, unique per dispatch. */
  readonly name: string;
  /** File name in the printer's root folder. */
  readonly remoteName: string;
  /** 1-based plate number inside the file. */
  readonly plate: number;
  /** Index = filament index in the file. */
  readonly filaments: readonly (FilamentSource | null)[];
  readonly bedLevelling: boolean;
  readonly flowCalibration: boolean;
  readonly timelapse: boolean;
  /** Plate name in the slicer's words, null leaves it to the printer. */
  readonly bedType: string | null;
}

/** A place for a spool: `unitId` as `SlotState` has it, `slotIndex` from 0 inside the unit (external: 0). */
export interface SlotAddress {
  readonly unitId: number;
  readonly slotIndex: number;
}

/** What a printer can be told between and during prints; what each needs and does is in docs/protocol.md §6.4. */
export type PrinterCommand =
  | { readonly kind: 'refresh' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'light'; readonly node: string; readonly on: boolean }
  | {
      readonly kind: 'set-temperature';
      readonly heater: 'nozzle' | 'bed' | 'chamber';
      /** 0 switches off; more than the model stands is limited. */
      readonly celsius: number;
      /** Null means the extruder in use; for nozzles only. */
      readonly extruder: number | null;
    }
  /** Percent 0 to 100. */
  | { readonly kind: 'set-fan'; readonly fan: 'part' | 'aux' | 'chamber'; readonly percent: number }
  | {
      readonly kind: 'home';
      readonly axes: { readonly x: boolean; readonly y: boolean; readonly z: boolean };
    }
  /** Millimetres from where the axes stand, -100 to 100 each; `e` is filament. */
  | {
      readonly kind: 'move';
      readonly x: number;
      readonly y: number;
      readonly z: number;
      readonly e: number;
    }
  /** Millimetres of filament, -100 to 100; negative retracts. */
  | { readonly kind: 'extrude'; readonly mm: number }
  | {
      readonly kind: 'load-filament';
      readonly slot: SlotAddress;
      /** Degrees Celsius for what is to be loaded and what is loaded now; 0 leaves it to what the spools say. */
      readonly targetCelsius: number;
      readonly currentCelsius: number;
    }
  | { readonly kind: 'unload-filament' }
  | { readonly kind: 'select-extruder'; readonly extruder: number }
  /** Bits: 0 lidar, 1 bed, 2 vibration, 3 motor noise, 4 nozzle offset, 5 hot bed, 6 clump position. */
  | { readonly kind: 'calibrate'; readonly options: number }
  | { readonly kind: 'read-spool'; readonly slot: SlotAddress }
  | {
      readonly kind: 'set-filament';
      readonly slot: SlotAddress;
      /** Filament type such as `PLA`; '' empties the slot. */
      readonly type: string;
      /** `RRGGBBAA` or `RRGGBB`, with or without `#`; null keeps the colour the slot has. */
      readonly color: string | null;
      /** Preset id; null takes the generic one of the type. */
      readonly infoIdx: string | null;
      readonly nozzleTempMin: number;
      readonly nozzleTempMax: number;
    }
  /** The numbers that the sliced file gives its objects (docs/protocol.md §9). */
  | { readonly kind: 'skip-objects'; readonly objectIds: readonly number[] };

/**
 * What became of a command.
 * `unsent` is a promise: no byte of it left this process, so acting again is safe. Every other outcome may have
 * reached the printer.
 */
export type CommandOutcome =
  /** `note` says what of it was changed before it was sent, such as a temperature limited to what the model stands. */
  | { readonly kind: 'accepted'; readonly note?: string }
  | { readonly kind: 'refused'; readonly error: DriverError }
  /** Published, but no acknowledgement within the limit: judge by effect. */
  | { readonly kind: 'unanswered'; readonly note?: string }
  | { readonly kind: 'unsent'; readonly error: DriverError };

/** Whether reports bear out what a command was to do. */
export type CommandEffect =
  | 'shown'
  /** No report showed it in the time that it should take, or the connection ended before. */
  | 'missing';

export interface UploadRequest {
  readonly localPath: string;
  readonly sizeBytes: number;
  readonly remoteName: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (sentBytes: number) => void;
}

export interface UploadResult {
  /** Size the printer reports after the transfer; equals the local size or the upload has failed. */
  readonly remoteBytes: number;
  readonly durationMs: number;
  /** True when the file was there already with the right size and nothing was sent. */
  readonly skipped: boolean;
  /** Something that went wrong on the way and was overcome, for the log. */
  readonly warning: string | null;
}

export interface CameraFrame {
  /** A whole JPEG picture. */
  readonly jpeg: Buffer;
  /** Daemon clock, epoch milliseconds. */
  readonly takenAt: number;
}

/** A live connection to one printer. Constructed idle; `start` and `stop` do the work and may be repeated. */
export interface PrinterSession {
  readonly serial: string;
  readonly connection: Connection;
  readonly lastReport: PrinterReport | null;
  readonly capabilities: Capabilities | null;
  start(): void;
  /** Says goodbye to the printer, aborts transfers, resolves within two seconds. */
  stop(): Promise<void>;
  /** New address or credentials: reconnects if anything changed. */
  retarget(target: PrinterTarget): void;
  /** The printer was heard of, by hearsay: one that had gone may be there again. Call it as often as that happens. */
  hint(): void;
  /**
   * Never rejects for what the printer does; the outcome says it.
   *
   * @param onEffect hears at most once, perhaps minutes later, whether reports bear the command out; never when it
   * was not sent or no report can tell
   */
  command(command: PrinterCommand, onEffect?: (effect: CommandEffect) => void): Promise<CommandOutcome>;
  /** Sends the start command exactly once. Never repeats it, whatever happens to the connection. */
  startPrint(request: StartPrintRequest): Promise<CommandOutcome>;
  /** @throws DriverError */
  upload(request: UploadRequest): Promise<UploadResult>;
  /** Size of a file in the root folder, null when it is not there. @throws DriverError */
  remoteSize(remoteName: string, signal: AbortSignal): Promise<number | null>;
  /** Deletes a file from the root folder; a missing file is success. @throws DriverError */
  remove(remoteName: string, signal: AbortSignal): Promise<void>;
  /** Where the camera's video stream is, without the access code; null where it sends pictures or is not known. */
  readonly cameraStreamUrl: string | null;
  /** A picture of this moment. All who ask share one connection to the camera. @throws DriverError */
  snapshot(signal: AbortSignal): Promise<CameraFrame>;
}

export interface SessionEvents {
  onConnection(connection: Connection): void;
  onReport(report: PrinterReport): void;
  /** First identity seen under `tofu`: to be stored with the printer. */
  onPinned(fingerprint: string): void;
  /** Model became known or changed. */
  onCapabilities(capabilities: Capabilities): void;
  /** A message went over the connection, as it is. Called for every one: be quick, and copy what is to be kept. */
  onTraffic?(direction: 'sent' | 'received', topic: string, payload: Buffer | string): void;
}

export interface DiscoveredPrinter {
  readonly serial: string;
  readonly host: string;
  /** Only when the announcement carried one. */
  readonly mqttPort: number | null;
  readonly modelCode: string | null;
  readonly modelName: string | null;
  readonly name: string;
  readonly signalDbm: number | null;
  /** `lan`, `cloud` or `farm`; null when not said. */
  readonly connect: string | null;
  /** `free` or `occupied`. */
  readonly bind: string | null;
  readonly firmware: string | null;
  /** Daemon clock, epoch milliseconds. */
  readonly lastSeenAt: number;
}

export interface PrinterDiscovery {
  /** Binds its sockets; a port that cannot be had is a warning, not an error, unless none can. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Sends an active search; answers arrive like any announcement. */
  search(): void;
  /** Printers heard within the expiry time, most recent first. */
  list(): readonly DiscoveredPrinter[];
}

export interface DiscoveryOptions {
  /** Address to bind, normally 0.0.0.0. */
  readonly address: string;
  readonly ports: readonly number[];
  /** A printer unheard for this long leaves the list. */
  readonly expiryMs: number;
}

/** The part of pino's interface that drivers use. */
export interface DriverLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const CHECK_NAMES = [
  'mqtt-port',
  'ftps-port',
  'certificate',
  'access-code',
  'reports',
  'files',
  'free-space',
  'developer-mode',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** What one check of a printer found. */
export interface CheckResult {
  readonly check: CheckName;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** What was seen, or why it was not looked at. Never an access code. */
  readonly detail: string;
  /** How to mend it; null where nothing has failed. */
  readonly advice: string | null;
}

export interface ExamineOptions {
  readonly signal: AbortSignal;
  /** A session that stands already; null makes one for as long as it takes. */
  readonly live: Pick<PrinterSession, 'connection' | 'lastReport'> | null;
  /** Called for every check, in the order of their names. */
  onCheck(result: CheckResult): void;
}

export interface PrinterDriver {
  readonly provider: string;
  createSession(target: PrinterTarget, events: SessionEvents, log: DriverLog): PrinterSession;
  createDiscovery(
    options: DiscoveryOptions,
    onSeen: (printer: DiscoveredPrinter) => void,
    log: DriverLog,
  ): PrinterDiscovery;
  /** Finds out what stands between this program and a printer; resolves within a minute. */
  examine(target: PrinterTarget, options: ExamineOptions): Promise<void>;
  /** Every model this driver knows. */
  readonly models: readonly Capabilities[];
  /** What is known of a model by its code, or by the serial's prefix when the code is null; null when unknown. */
  capabilitiesOf(modelCode: string | null, serial: string): Capabilities | null;
}
