import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { fileByUri } from '../domain/files.js';
import { queueSettings } from '../domain/settings.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import type { LivePrinter, PrinterState } from '../fleet/live-printer.js';
import type { MatchPrinter, MatchRules, MatchSettings } from '../matching/input.js';
import { checkPair } from '../matching/pair.js';
import { type JobAssignment, matchQueue } from '../matching/queue.js';
import { couldTakeAJob } from '../matching/readiness-checks.js';
import type { MatchReasons } from '../matching/reasons.js';
import type { PairResult } from '../matching/result.js';
import { printJob } from '../resources/index.js';
import { isHeating } from './heating.js';
import type { Library } from './library.js';
import { type KeepTogether, matchPrinter, type PrinterRows, type QueuedJob } from './match-input.js';
import type { StepProbe } from './printer-work.js';
import { filamentSources, jobMapping, slotSnapshot } from './projection.js';
import { QueueReader } from './queue-reader.js';
import { type Reservation, rejectJob, reserve } from './reserve.js';
import { Rests } from './rests.js';
import type { DispatchRunner } from './runner.js';
import { StartPolicy } from './start-policy.js';

export interface SchedulerOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly log: Logger;
  readonly random: () => number;
  /** A pass at least this often, whatever happens; milliseconds. */
  readonly tickMs: number;
  readonly maxConcurrentJobs: number | null;
  /** Without one prints may begin at any time. */
  readonly policy?: StartPolicy;
  /** Epoch milliseconds; the clock of the machine when absent. */
  readonly now?: () => number;
  readonly matching: MatchRules & { readonly keepTogether: KeepTogether };
  readonly probe?: StepProbe;
}

/** How long a job that could not be assigned, for a reason of ours, is left out of the passes. */
const SET_ASIDE_MS = 60_000;

/** Resources whose changes can let a job start. */
const RELEVANT: ReadonlySet<string> = new Set([
  'printJob',
  'printer',
  'printerSlot',
  'storeSettings',
  'material',
  'materialVariant',
  'materialInstance',
  'materialGroup',
  'materialGroupMember',
  'materialProfileAssignment',
  'partMaterialAssignment',
]);

/** The matcher's loop: looks when something changed, and now and then; gives jobs to printers. */
export class Scheduler {
  #reasons: MatchReasons | null = null;
  readonly #setAside = new Map<string, number>();
  readonly #rests = new Rests();
  readonly #policy: StartPolicy;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  readonly #reader: QueueReader;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly options: SchedulerOptions) {
    this.#policy = options.policy ?? new StartPolicy();
    const { database, storeId, matching } = options;
    this.#reader = new QueueReader(database, storeId, matching.keepTogether, (jobId, error) =>
      this.#leaveOut(jobId, error),
    );
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.options.database.feed.on((write) => {
      if (write.changes.some((change) => RELEVANT.has(change.resource))) this.wake();
    });
    this.#timer = setInterval(() => this.wake(), this.options.tickMs);
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    if (this.#timer) clearInterval(this.#timer);
    if (this.#soon) clearImmediate(this.#soon);
    await this.#running;
  }

  /** Asks for a pass. Many changes in one turn of the event loop make one pass. */
  wake(): void {
    if (this.#stopped || this.#soon) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#soon = setImmediate(() => {
      this.#soon = null;
      this.#running = this.#pass()
        .catch((error: unknown) => this.options.log.error({ err: error }, 'a matching pass failed'))
        .finally(() => {
          this.#running = null;
          if (!this.#again) return;
          this.#again = false;
          this.wake();
        });
    });
  }

  /** What the last pass found about a job, null when it did not come to it. */
  reasons(jobId: string): ReturnType<MatchReasons['of']> {
    return this.#reasons?.of(jobId) ?? null;
  }

  /** Every check of a pending job with every printer, computed now; null when the job is not pending. */
  async troubleshoot(
    jobId: string,
  ): Promise<readonly { readonly printer: MatchPrinter; readonly result: PairResult }[] | null> {
    const printers = await this.#reader.printers(null);
    const { match: settings, library } = await this.#settings(printers);
    const [job] = await this.#reader.jobs([jobId], library);
    if (!job) return null;
    return printers.map((rows) => {
      const candidate = this.#candidate(rows, this.options.fleet.live(rows.printer.id), library);
      return { printer: candidate, result: checkPair(job.match, candidate, settings) };
    });
  }

  async #pass(): Promise<void> {
    const rows = await this.#reader.printers(null);
    const { match: settings, library } = await this.#settings(rows);
    // One look at every printer: what the mapping is made from is also what its snapshot tells of.
    const seen = new Map(rows.map(({ printer: { id } }) => [id, this.#look(id)]));
    const printers = rows.map((row) => this.#candidate(row, seen.get(row.printer.id) ?? null, library));
    // Reading a long queue for a farm that is all busy would be most of this daemon's work.
    if (!printers.some(couldTakeAJob)) return;
    const pending = await this.#reader.jobs(null, library);
    const queue = pending.filter(({ row }) => !this.#isSetAside(row.id));
    if (queue.length === 0) return;
    const jobs = new Map(queue.map((entry) => [entry.match.id, entry]));
    const result = matchQueue(
      queue.map((entry) => entry.match),
      printers,
      settings,
    );
    this.#reasons = result.reasons;
    for (const assignment of result.assignments) {
      const job = jobs.get(assignment.jobId);
      const state = seen.get(assignment.printerId)?.report?.state;
      if (!job || !state || this.#stopped) continue;
      try {
        await this.#assign(assignment, job.row, state);
      } catch (error) {
        this.#leaveOut(job.row.id, error);
      }
    }
  }

  /** A printer that prints on by itself may have to cool down or to rest first. */
  #candidate(rows: PrinterRows, live: LivePrinter | null, library: Library): MatchPrinter {
    const seen = matchPrinter(rows, live, library);
    const waits = this.#rests.waitsFor(rows.printer, live, this.#policy.continuous, performance.now());
    return waits === null ? seen : { ...seen, available: false, doing: waits };
  }

  /** Printers that warm up, and those that have been given a print and will. */
  #heating(rows: readonly PrinterRows[]): number {
    const { fleet, runner } = this.options;
    return rows.filter(({ printer: { id } }) => {
      const live = fleet.live(id);
      return runner.isStarting(id) || (live !== null && isHeating(live));
    }).length;
  }

  /** The live side of a printer as it is now; what comes later does not change it. */
  #look(printerId: string): LivePrinter | null {
    const live = this.options.fleet.live(printerId);
    if (!live) return null;
    const { serial, session, connection, report, capabilities } = live;
    return { printerId, serial, session, connection, report, capabilities };
  }

  /** One job that cannot be matched or assigned must not keep a printer, and the jobs behind it, waiting for ever. */
  #leaveOut(jobId: string, error: unknown): void {
    this.#setAside.set(jobId, performance.now() + SET_ASIDE_MS);
    this.options.log.error(
      { err: error, job: jobId },
      'a job could not be assigned; it is left out for a while',
    );
  }

  #isSetAside(jobId: string): boolean {
    const until = this.#setAside.get(jobId);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#setAside.delete(jobId);
    return false;
  }

  async #assign(assignment: JobAssignment, job: QueuedJob, state: PrinterState): Promise<void> {
    const { database, storeId, fleet, runner, log, probe } = this.options;
    const filaments = filamentSources(assignment.mapping);
    probe?.('before:reserved');
    const row = await database.write(systemContext(storeId), async (tx) => {
      // Somebody may have changed what the job asks for since the pass began; the next pass goes by that.
      const now = await tx.find(printJob, job.id);
      if (!now || !asksTheSame(now, job)) return null;
      const [uri] = job.filesToPrint;
      const file = uri === undefined ? null : await fileByUri(tx, uri);
      if (!file?.sha256) {
        await rejectJob(tx, job.id, 'the file of this job is not in the store any more; upload it again');
        return null;
      }
      const wanted: Reservation = {
        jobId: assignment.jobId,
        printerId: assignment.printerId,
        plate: job.extensions?.['3mf']?.plateId ?? 1,
        sha256: file.sha256,
        bytes: file.bytes ?? 0,
        filaments: [...filaments],
        slotSnapshot: slotSnapshot(state, filaments),
        mapping: jobMapping(assignment.mapping),
      };
      return reserve(tx, wanted, this.options.random);
    });
    if (!row) return;
    probe?.('after:reserved');
    log.info({ job: row.printJobId, printer: fleet.live(row.printerId)?.serial }, 'job assigned');
    runner.take(row);
  }

  async #settings(
    rows: readonly PrinterRows[],
  ): Promise<{ readonly match: MatchSettings; readonly library: Library }> {
    const { database, storeId, maxConcurrentJobs, matching, runner, now = Date.now } = this.options;
    const settings = await queueSettings(database.read, storeId);
    return {
      library: await this.#reader.library(settings),
      match: {
        checkRemaining: matching.checkRemaining,
        distinctSlots: matching.distinctSlots,
        processLowPriorityJobs: settings.lowPriorityFills,
        maxConcurrentJobs,
        activeJobs: runner.openCount,
        startsLeft: this.#policy.startsLeft(now(), () => this.#heating(rows)),
        begun: new Set(),
      },
    };
  }
}

function asksTheSame(now: QueuedJob, seen: QueuedJob): boolean {
  return (
    isDeepStrictEqual(now.requiredPrinterTags, seen.requiredPrinterTags) &&
    isDeepStrictEqual(now.materialAssignments, seen.materialAssignments)
  );
}
