import type { GroundTruth, TruthEntry } from '../../drivers/emulator/index.js';
import type { Library } from './library.js';
import { Referee } from './referee.js';
import type { DispatchRow, JobRow, PrinterRow, Snapshot } from './snapshot.js';
import { Truth } from './truth.js';

export const SERIAL = '00M00A5B0000001';
export const TOKEN = 4711;

export const LIBRARY: Library = {
  materials: { PLA: 'pla', PETG: 'petg' },
  bySlot: ['white', 'black', 'red', 'green'],
  typeOf: new Map(),
  groups: { PLA: { id: 'dark', variants: ['green', 'black'] }, PETG: { id: 'tough', variants: ['red'] } },
};

/** A ground truth that a test writes itself. */
class WrittenTruth implements GroundTruth {
  readonly entries: TruthEntry[] = [];
  time = '2026-01-01T00:00:00.000Z';
  readonly #listeners: ((entry: TruthEntry) => void)[] = [];

  on(listener: (entry: TruthEntry) => void): () => void {
    this.#listeners.push(listener);
    return () => undefined;
  }

  waitFor(): Promise<TruthEntry> {
    return Promise.reject(new Error('nobody waits'));
  }

  tell(kind: string, event: string, fields: Record<string, unknown> = {}): void {
    const entry = { time: this.time, serial: SERIAL, kind, event, ...fields };
    for (const listener of this.#listeners) listener(entry);
  }
}

/** One job and one printer, with one dispatch between them, as a test bends them. */
export class Scene {
  readonly log = new WrittenTruth();
  readonly truth = new Truth(this.log);
  readonly referee = new Referee(this.truth, LIBRARY);
  job: JobRow = {
    id: 'job',
    partBuildId: 'build',
    partId: 'part',
    status: 'printing',
    errorMessage: null,
    assignedPrinterId: 'printer',
    excludedPrinterIds: [],
    priority: 100,
    queueOrder: 1024,
    requiredPrinterTags: {},
    materialAssignments: null,
    materialMapping: null,
  };
  printer: PrinterRow = {
    id: 'printer',
    serial: SERIAL,
    enabled: true,
    confirmedReady: false,
    isOnline: true,
    isAvailable: false,
    printingJobId: 'job',
    isInMaintenance: false,
    tags: [],
    continuousPrint: false,
    fabmaticRemainingJobs: null,
    isSetAside: false,
    lifetimeJobCount: 0,
    lifetimePrintHours: 0,
  };
  dispatches: DispatchRow[] = [dispatch()];
  lowPriorityFills = false;
  others: readonly JobRow[] = [];

  constructor() {
    this.referee.acceptBuild('build', 1);
    this.referee.accept(['job']);
  }

  begin(token = TOKEN): void {
    this.log.tell('project_file', 'received', { taskId: String(token), verdict: 'accepted' });
    this.log.tell('print', 'begun', { taskId: String(token), subtaskName: 'cube' });
  }

  end(outcome: string, token = TOKEN): void {
    this.log.tell('print', 'ended', { taskId: String(token), outcome });
  }

  /** The dispatch ends, and with it the job's hold of the printer. */
  told(outcome: string, job: Partial<JobRow>): void {
    this.dispatches = [dispatch({ endedAt: 'then', outcome, phase: 'ended' })];
    const lifetimeJobCount = this.printer.lifetimeJobCount + (outcome === 'completed' ? 1 : 0);
    this.printer = { ...this.printer, printingJobId: null, lifetimeJobCount };
    this.job = { ...this.job, ...job };
  }

  snapshot(): Snapshot {
    return {
      jobs: new Map([this.job, ...this.others].map((job) => [job.id, job])),
      dispatches: this.dispatches,
      printers: [this.printer],
      slots: [],
      lowPriorityFills: this.lowPriorityFills,
    };
  }

  look(): readonly string[] {
    return this.referee.look(this.snapshot());
  }
}

export function dispatch(change: Partial<DispatchRow> = {}): DispatchRow {
  return {
    id: 'dispatch',
    printJobId: 'job',
    printerId: 'printer',
    phase: 'printing',
    token: TOKEN,
    previousToken: null,
    remoteName: 'cube.gcode.3mf',
    uploaded: true,
    startSentAt: 'then',
    cancelRequestedAt: null,
    endedAt: null,
    outcome: null,
    message: null,
    remoteRemovedAt: null,
    ...change,
  };
}
