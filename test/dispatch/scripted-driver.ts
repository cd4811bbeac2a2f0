import { EventEmitter, once } from 'node:events';
import {
  type Capabilities,
  type CommandOutcome,
  type Connection,
  type ConnectionStatus,
  DriverError,
  type PrinterCommand,
  type PrinterDriver,
  type PrinterReport,
  type PrinterSession,
  type PrinterState,
  type PrinterTarget,
  type SessionEvents,
  type StartPrintRequest,
  type UploadRequest,
  type UploadResult,
} from '../../drivers/driver.js';
import { printerState, slotState } from '../realtime/states.js';

export const CAPABILITIES: Capabilities = {
  modelCode: 'C12',
  modelName: 'Bambu Lab P1S',
  nozzles: 1,
  runsFilesFor: ['C12'],
  hasChamberTemp: false,
  hasChamberHeater: false,
  hasDoorSensor: false,
  nozzleTempMaxC: 300,
  bedTempMaxC: 100,
  chamberTempMaxC: null,
  bedSizeMm: [256, 256, 250],
  camera: 'jpeg',
};

type Identity = PrinterState['print']['identity'];
export const NO_PRINT: Identity = { taskId: '0', subtaskId: '0', jobId: '', name: '', file: '' };

/** An idle printer with white PLA in its first slot. */
export function idleState(
  changes: Partial<PrinterState> = {},
  identity: Partial<Identity> = {},
): PrinterState {
  const base = printerState();
  return printerState({
    activity: 'IDLE',
    print: {
      ...base.print,
      percent: null,
      layer: null,
      totalLayers: null,
      identity: { ...NO_PRINT, ...identity },
    },
    slots: [slotState(0, 0, { color: 'FFFFFFFF', colors: ['FFFFFFFF'] }), slotState(0, 1, { type: 'PETG' })],
    ...changes,
  });
}

/** A session that says and does what the test tells it to; the daemon's side of it is real. */
export class ScriptedSession implements PrinterSession {
  readonly serial: string;
  readonly uploads: UploadRequest[] = [];
  readonly starts: StartPrintRequest[] = [];
  readonly commands: string[] = [];
  readonly removed: string[] = [];
  readonly targets: PrinterTarget[];
  /** What becomes of uploads and starts; the defaults succeed. */
  onUpload: (request: UploadRequest) => Promise<UploadResult> = ({ sizeBytes }) =>
    Promise.resolve({ remoteBytes: sizeBytes, durationMs: 1, skipped: false, warning: null });
  onStart: (request: StartPrintRequest) => Promise<CommandOutcome> = () =>
    Promise.resolve({ kind: 'accepted' });
  onRemove: () => Promise<void> = () => Promise.resolve();
  connection: Connection = { status: 'stopped', since: 0, error: null };
  lastReport: PrinterReport | null = null;
  readonly capabilities = CAPABILITIES;
  readonly #happened = new EventEmitter();
  #sequence = 0;

  constructor(
    target: PrinterTarget,
    readonly events: SessionEvents,
  ) {
    this.serial = target.serial;
    this.targets = [target];
  }

  /** Resolves when the daemon asks for this the next time. */
  async next(what: 'upload' | 'start' | 'command' | 'remove' | 'retarget'): Promise<void> {
    await once(this.#happened, what);
  }

  is(status: ConnectionStatus, error: DriverError | null = null): void {
    this.connection = { status, since: 0, error };
    this.events.onConnection(this.connection);
  }

  /** Online, with this report. */
  reports(state: PrinterState, complete = true): void {
    if (this.connection.status !== 'online') this.is('online');
    this.#sequence += 1;
    const receivedAt = 1_000_000 + this.#sequence;
    const report = { receivedAt, activityAt: receivedAt, sequence: this.#sequence, complete, state };
    this.lastReport = report;
    this.events.onReport(report);
  }

  start(): void {
    this.is('connecting');
  }

  async stop(): Promise<void> {
    this.is('stopped');
  }

  retarget(target: PrinterTarget): void {
    this.targets.push(target);
    this.#happened.emit('retarget');
  }

  hint(): void {}

  async command(command: PrinterCommand): Promise<CommandOutcome> {
    this.commands.push(command.kind);
    this.#happened.emit('command');
    return { kind: 'accepted' };
  }

  startPrint(request: StartPrintRequest): Promise<CommandOutcome> {
    this.starts.push(request);
    this.#happened.emit('start');
    return this.onStart(request);
  }

  upload(request: UploadRequest): Promise<UploadResult> {
    this.uploads.push(request);
    this.#happened.emit('upload');
    return this.onUpload(request);
  }

  async remoteSize(): Promise<number | null> {
    return null;
  }

  readonly cameraStreamUrl = null;

  async snapshot(): Promise<never> {
    throw new DriverError('unsupported', 'there is no camera here');
  }

  async remove(remoteName: string): Promise<void> {
    await this.onRemove();
    this.removed.push(remoteName);
    this.#happened.emit('remove');
  }
}

/** An upload that goes on until it is aborted. */
export function endlessUpload({ signal }: UploadRequest): Promise<UploadResult> {
  return new Promise((_, reject) => {
    const abort = () => reject(new DriverError('aborted', 'the upload was aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

export class ScriptedDriver implements PrinterDriver {
  readonly provider = 'Bambu';
  readonly models = [CAPABILITIES];
  readonly sessions = new Map<string, ScriptedSession>();

  createSession(target: PrinterTarget, events: SessionEvents): PrinterSession {
    const session = new ScriptedSession(target, events);
    this.sessions.set(target.serial, session);
    return session;
  }

  createDiscovery(): never {
    throw new Error('Nothing is discovered here');
  }

  async examine(): Promise<never> {
    throw new Error('Nothing is examined here');
  }

  capabilitiesOf(): Capabilities {
    return CAPABILITIES;
  }

  session(serial: string): ScriptedSession {
    const session = this.sessions.get(serial);
    if (!session) throw new Error(`No session with ${serial} was made`);
    return session;
  }
}
