import type { QueueSettings } from '../domain/settings.js';
import { isMachineFree, type LivePrinter } from '../fleet/live-printer.js';
import type { MatchGates, MatchPrinter, MatchRules } from '../matching/input.js';
import type { PairReason } from '../matching/result.js';
import { type JobAssignment, WorkingSet } from '../matching/working-set.js';
import { Library } from './library.js';
import { matchPrinter, type PrinterRows } from './match-input.js';
import type { PendingJob, QueueReader } from './queue-reader.js';
import type { StaleParts } from './stale.js';

/** A printer with what it was when it was last looked at: a mapping and its snapshot tell of the same moment. */
export interface SeenPrinter {
  readonly rows: PrinterRows;
  readonly live: LivePrinter | null;
}

export interface QueueViewOptions {
  readonly reader: QueueReader;
  readonly rules: MatchRules;
  readonly settings: () => Promise<QueueSettings>;
  readonly live: (printerId: string) => LivePrinter | null;
  /** Why a printer that is free otherwise has to wait, as words on what it is doing; null when it need not. */
  readonly waitsFor: (rows: PrinterRows, live: LivePrinter | null) => string | null;
  /** Jobs that are left out for now. */
  readonly isLeftOut: (jobId: string) => boolean;
}

/** The queue and the printers in memory, as the matcher sees them: read once, and from then on only what changed. */
export class QueueView {
  #set: WorkingSet;
  #library = new Library({
    materials: [],
    variants: [],
    groups: [],
    members: [],
    profiles: [],
    fallbackProfile: null,
  });
  #settings: QueueSettings | null = null;
  #jobs = new Map<string, PendingJob>();
  #printers = new Map<string, SeenPrinter>();

  constructor(private readonly options: QueueViewOptions) {
    this.#set = new WorkingSet(options.rules);
  }

  /** Reads what is stale and looks again at the printers' live side. @throws what the database throws */
  async refresh(stale: StaleParts): Promise<void> {
    if (stale.all) {
      await this.#readAll();
      return;
    }
    if (stale.library) await this.#readLibrary();
    await this.#readPrinters([...stale.printers, ...this.#holding(stale.spools)]);
    await this.#readJobs([...stale.jobs, ...this.#jobsOf(stale)]);
    for (const [id, seen] of this.#printers) {
      if (stale.library || stale.printers.has(id) || this.#looksOther(id, seen)) this.#look(seen.rows);
    }
  }

  /** Looks at every printer anew; what waits for a time or a temperature has no change to tell of it. */
  lookAtAll(): void {
    for (const { rows } of this.#printers.values()) this.#look(rows);
  }

  /** Whether the database holds as many pending jobs as this does, those left out included. */
  async isComplete(leftOut: number): Promise<boolean> {
    return (await this.options.reader.pendingCount()) === this.#jobs.size + leftOut;
  }

  get lowPriorityFills(): boolean {
    return this.#settings?.lowPriorityFills ?? false;
  }

  get printers(): Iterable<SeenPrinter> {
    return this.#printers.values();
  }

  /** What pending jobs are kept together by. */
  get words(): ReadonlySet<string> {
    return new Set([...this.#jobs.values()].flatMap(({ match }) => match.together ?? []));
  }

  job(id: string): PendingJob | null {
    return this.#jobs.get(id) ?? null;
  }

  printer(id: string): SeenPrinter | null {
    return this.#printers.get(id) ?? null;
  }

  pass(gates: MatchGates): readonly JobAssignment[] {
    return this.#set.pass(gates);
  }

  reasons(jobId: string): ReadonlyMap<string, PairReason> | null {
    return this.#set.reasons(jobId);
  }

  /** A printer as the matcher sees it. */
  candidate(rows: PrinterRows, live: LivePrinter | null, library: Library): MatchPrinter {
    const seen = matchPrinter(rows, live, library);
    const waits = this.options.waitsFor(rows, live);
    return waits === null ? seen : { ...seen, available: false, doing: waits };
  }

  async #readAll(): Promise<void> {
    this.#set = new WorkingSet(this.options.rules);
    this.#jobs = new Map();
    this.#printers = new Map();
    await this.#readLibrary();
    for (const rows of await this.options.reader.printers(null)) this.#look(rows);
    for (const job of await this.options.reader.jobs(null, this.#library)) this.#putJob(job);
  }

  async #readLibrary(): Promise<void> {
    this.#settings = await this.options.settings();
    this.#library = await this.options.reader.library(this.#settings);
  }

  async #readPrinters(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const gone = new Set(ids);
    for (const rows of await this.options.reader.printers([...gone])) {
      gone.delete(rows.printer.id);
      this.#look(rows);
    }
    for (const id of gone) {
      this.#printers.delete(id);
      this.#set.dropPrinter(id);
    }
  }

  async #readJobs(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const gone = new Set(ids);
    for (const job of await this.options.reader.jobs([...gone], this.#library)) {
      if (this.#putJob(job)) gone.delete(job.row.id);
    }
    for (const id of gone) {
      this.#jobs.delete(id);
      this.#set.dropJob(id);
    }
  }

  #putJob(job: PendingJob): boolean {
    if (this.options.isLeftOut(job.row.id)) return false;
    this.#jobs.set(job.row.id, job);
    this.#set.putJob(job.match);
    return true;
  }

  #look(rows: PrinterRows): void {
    const live = lookAt(this.options.live(rows.printer.id));
    this.#printers.set(rows.printer.id, { rows, live });
    this.#set.putPrinter(this.candidate(rows, live, this.#library));
  }

  /** Asked of every printer before every pass: reports come every second, and most change nothing for a job. */
  #looksOther(printerId: string, { rows, live: before }: SeenPrinter): boolean {
    // A printer that prints on by itself may have come to the end of its rest.
    if (rows.printer.continuousPrint) return true;
    const now = this.options.live(printerId);
    if (now === null || before === null) return now !== before;
    return (
      now.report?.state.slots !== before.report?.state.slots ||
      now.report?.state.developerMode !== before.report?.state.developerMode ||
      now.capabilities !== before.capabilities ||
      isMachineFree(now) !== isMachineFree(before)
    );
  }

  #holding(spools: ReadonlySet<string>): readonly string[] {
    if (spools.size === 0) return [];
    const holds = ({ rows }: SeenPrinter) =>
      rows.slots.some(({ slot }) => slot.instanceId !== null && spools.has(slot.instanceId));
    return [...this.#printers].filter(([, seen]) => holds(seen)).map(([id]) => id);
  }

  /** Jobs that say of materials what their part says, or name groups. */
  #jobsOf({ parts, groups }: StaleParts): readonly string[] {
    if (groups) return [...this.#jobs.keys()];
    if (parts.size === 0) return [];
    return [...this.#jobs.values()].flatMap(({ row }) =>
      row.partId !== null && parts.has(row.partId) ? [row.id] : [],
    );
  }
}

/** The live side of a printer as it is now; what comes later does not change it. */
export function lookAt(live: LivePrinter | null): LivePrinter | null {
  if (!live) return null;
  const { printerId, serial, session, connection, report, capabilities } = live;
  return { printerId, serial, session, connection, report, capabilities };
}
