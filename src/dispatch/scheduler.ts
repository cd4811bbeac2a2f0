import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { fileByUri } from '../domain/files.js';
import { queueSettings } from '../domain/settings.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import type { PrinterState } from '../fleet/live-printer.js';
import type { MatchGates, MatchPrinter, MatchRules } from '../matching/input.js';
import { checkPair } from '../matching/pair.js';
import type { PairReason, PairResult } from '../matching/result.js';
import type { JobAssignment } from '../matching/working-set.js';
import { printJob } from '../resources/index.js';
import { isHeating } from './heating.js';
import type { KeepTogether, PrinterRows, QueuedJob } from './match-input.js';
import type { StepProbe } from './printer-work.js';
import { filamentSources, jobMapping, slotSnapshot } from './projection.js';
import { QueueReader } from './queue-reader.js';
import { QueueView } from './queue-view.js';
import { type Reservation, rejectJob, reserve } from './reserve.js';
import { Rests } from './rests.js';
import type { DispatchRunner } from './runner.js';
import { Stale } from './stale.js';
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

const NOTHING: ReadonlySet<string> = new Set();

/** How long a job that could not be assigned, for a reason of ours, is left out of the passes. */
const LEFT_OUT_MS = 60_000;

/** The matcher's loop: looks when something changed, and now and then; gives jobs to printers. */
export class Scheduler {
  readonly #leftOut = new Map<string, number>();
  readonly #rests = new Rests();
  readonly #policy: StartPolicy;
  readonly #reader: QueueReader;
  readonly #view: QueueView;
  readonly #stale = new Stale();
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #ticked = false;
  #stopped = true;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly options: SchedulerOptions) {
    const { database, storeId, matching, fleet } = options;
    this.#policy = options.policy ?? new StartPolicy();
    this.#reader = new QueueReader(database, storeId, matching.keepTogether, (jobId, error) =>
      this.#leaveOut(jobId, error),
    );
    this.#view = new QueueView({
      reader: this.#reader,
      rules: matching,
      settings: () => queueSettings(database.read, storeId),
      live: (printerId) => fleet.live(printerId),
      // A printer that prints on by itself may have to cool down or to rest first.
      waitsFor: (rows, live) =>
        this.#rests.waitsFor(rows.printer, live, this.#policy.continuous, performance.now()),
      isLeftOut: (jobId) => this.#leftOut.has(jobId),
    });
  }

  start(): void {
    this.#stopped = false;
    this.#stale.everything();
    this.#unsubscribe = this.options.database.feed.on(({ changes }) => {
      let matters = false;
      for (const change of changes) if (this.#stale.note(change)) matters = true;
      if (matters) this.wake();
    });
    this.#timer = setInterval(() => {
      this.#ticked = true;
      this.wake();
    }, this.options.tickMs);
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
        .catch((error: unknown) => {
          // What was read of the changes and what was not cannot be told apart any more.
          this.#stale.everything();
          this.options.log.error({ err: error }, 'a matching pass failed');
        })
        .finally(() => {
          this.#running = null;
          if (!this.#again) return;
          this.#again = false;
          this.wake();
        });
    });
  }

  /** What passes found about a job, null when none came to it. */
  reasons(jobId: string): ReadonlyMap<string, PairReason> | null {
    return this.#view.reasons(jobId);
  }

  /** Every check of a pending job with every printer, computed now; null when the job is not pending. */
  async troubleshoot(
    jobId: string,
  ): Promise<readonly { readonly printer: MatchPrinter; readonly result: PairResult }[] | null> {
    const { database, storeId, fleet, matching } = this.options;
    const farm = await queueSettings(database.read, storeId);
    const library = await this.#reader.library(farm);
    const [job] = await this.#reader.jobs([jobId], library);
    if (!job) return null;
    const printers = await this.#reader.printers(null);
    const settings = { ...matching, ...(await this.#gates(printers, farm.lowPriorityFills)) };
    return printers.map((rows) => {
      const candidate = this.#view.candidate(rows, fleet.live(rows.printer.id), library);
      return { printer: candidate, result: checkPair(job.match, candidate, settings) };
    });
  }

  async #pass(): Promise<void> {
    const ticked = this.#ticked;
    this.#ticked = false;
    if (ticked) this.#takeBackLeftOut();
    await this.#view.refresh(this.#stale.take());
    if (ticked) await this.#reconcile();
    const rows = [...this.#view.printers].map((seen) => seen.rows);
    const assignments = this.#view.pass(await this.#gates(rows, this.#view.lowPriorityFills));
    for (const { jobId, printerId, mapping } of assignments) {
      const job = this.#view.job(jobId);
      const state = this.#view.printer(printerId)?.live?.report?.state;
      // The pass took both out of the queue: they come back as they are then, whatever becomes of this.
      this.#stale.job(jobId);
      this.#stale.printer(printerId);
      if (!job || !state || this.#stopped) continue;
      try {
        await this.#assign({ jobId, printerId, mapping }, job.row, state);
      } catch (error) {
        this.#leaveOut(jobId, error);
        // The printer is free for the jobs behind it.
        this.wake();
      }
    }
  }

  #takeBackLeftOut(): void {
    for (const [jobId, until] of this.#leftOut) {
      if (performance.now() < until) continue;
      this.#leftOut.delete(jobId);
      this.#stale.job(jobId);
    }
  }

  /** Now and then the memory is held against the database, and what has no change to tell of it is looked at. */
  async #reconcile(): Promise<void> {
    this.#view.lookAtAll();
    if (await this.#view.isComplete(this.#leftOut.size)) return;
    this.#stale.everything();
    await this.#view.refresh(this.#stale.take());
  }

  /** Printers that warm up, and those that have been given a print and will. */
  #heating(rows: readonly PrinterRows[]): number {
    const { fleet, runner } = this.options;
    return rows.filter(({ printer: { id } }) => {
      const live = fleet.live(id);
      return runner.isStarting(id) || (live !== null && isHeating(live));
    }).length;
  }

  /** One job that cannot be matched or assigned must not keep a printer, and the jobs behind it, waiting for ever. */
  #leaveOut(jobId: string, error: unknown): void {
    this.#leftOut.set(jobId, performance.now() + LEFT_OUT_MS);
    this.options.log.error(
      { err: error, job: jobId },
      'a job could not be assigned; it is left out for a while',
    );
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

  async #gates(rows: readonly PrinterRows[], processLowPriorityJobs: boolean): Promise<MatchGates> {
    const { maxConcurrentJobs, matching, runner, now = Date.now } = this.options;
    return {
      processLowPriorityJobs,
      maxConcurrentJobs,
      activeJobs: runner.openCount,
      startsLeft: this.#policy.startsLeft(now(), () => this.#heating(rows)),
      begun: matching.keepTogether === 'none' ? NOTHING : await this.#reader.begun(this.#view.words),
    };
  }
}

function asksTheSame(now: QueuedJob, seen: QueuedJob): boolean {
  return (
    isDeepStrictEqual(now.requiredPrinterTags, seen.requiredPrinterTags) &&
    isDeepStrictEqual(now.materialAssignments, seen.materialAssignments)
  );
}
