import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { decodeRow } from '../database/rows.js';
import type { Printer } from '../domain/printers.js';
import { systemContext } from '../domain/stores.js';
import type { Fleet } from '../fleet/fleet.js';
import type { MatchJob, MatchPrinter, MatchSettings } from '../matching/input.js';
import { checkPair } from '../matching/pair.js';
import { type JobAssignment, matchQueue } from '../matching/queue.js';
import { couldTakeAJob } from '../matching/readiness-checks.js';
import type { MatchReasons } from '../matching/reasons.js';
import type { PairResult } from '../matching/result.js';
import { printer, printJob, storedFile } from '../resources/index.js';
import { matchJob, matchPrinter, type QueuedJob } from './match-input.js';
import { filamentSources, jobMapping, slotSnapshot } from './projection.js';
import { reserve } from './reserve.js';
import type { DispatchRunner } from './runner.js';

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
}

/** Resources whose changes can let a job start. */
const RELEVANT: ReadonlySet<string> = new Set(['printJob', 'printer', 'printerSlot']);

/** The matcher's loop: looks when something changed, and now and then; gives jobs to printers. */
export class Scheduler {
  #reasons: MatchReasons | null = null;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly options: SchedulerOptions) {}

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
    const [job] = await this.#pendingJobs(jobId);
    if (!job) return null;
    const printers = (await this.#printers()).map((row) =>
      matchPrinter(row, this.options.fleet.live(row.id)),
    );
    const settings = this.#settings();
    return printers.map((candidate) => ({
      printer: candidate,
      result: checkPair(job.match, candidate, settings),
    }));
  }

  async #pass(): Promise<void> {
    const printers = (await this.#printers()).map((row) =>
      matchPrinter(row, this.options.fleet.live(row.id)),
    );
    // Reading a long queue for a farm that is all busy would be most of this daemon's work.
    if (!printers.some(couldTakeAJob)) return;
    const queue = await this.#pendingJobs(null);
    if (queue.length === 0) return;
    const jobs = new Map(queue.map((entry) => [entry.match.id, entry]));
    const result = matchQueue(
      queue.map((entry) => entry.match),
      printers,
      this.#settings(),
    );
    this.#reasons = result.reasons;
    for (const assignment of result.assignments) {
      const job = jobs.get(assignment.jobId);
      if (job && !this.#stopped) await this.#assign(assignment, job.row);
    }
  }

  async #assign(assignment: JobAssignment, job: QueuedJob): Promise<void> {
    const { database, storeId, fleet, runner, log, random } = this.options;
    const state = fleet.live(assignment.printerId)?.report?.state;
    const [uri] = job.filesToPrint;
    if (!state || uri === undefined) return;
    const filaments = filamentSources(assignment.mapping);
    const row = await database.write(systemContext(storeId), async (tx) => {
      const raw = await tx.db.selectFrom('storedFile').selectAll().where('uri', '=', uri).executeTakeFirst();
      const file = raw ? decodeRow(storedFile, raw) : null;
      if (!file?.sha256) throw new Error(`The file ${uri} of job ${job.id} is not in the store`);
      return reserve(
        tx,
        {
          jobId: assignment.jobId,
          printerId: assignment.printerId,
          plate: job.extensions?.['3mf']?.plateId ?? 1,
          sha256: file.sha256,
          bytes: file.bytes ?? 0,
          filaments: [...filaments],
          slotSnapshot: slotSnapshot(state, filaments),
          mapping: jobMapping(assignment.mapping),
        },
        random,
      );
    });
    if (!row) return;
    log.info({ job: row.printJobId, printer: fleet.live(row.printerId)?.serial }, 'job assigned');
    runner.take(row);
  }

  async #printers(): Promise<readonly Printer[]> {
    const rows = await this.options.database.read
      .selectFrom('printer')
      .selectAll()
      .where('storeId', '=', this.options.storeId)
      .execute();
    return rows.map((row) => decodeRow(printer, row));
  }

  async #pendingJobs(
    only: string | null,
  ): Promise<readonly { readonly row: QueuedJob; readonly match: MatchJob }[]> {
    let query = this.options.database.read
      .selectFrom('printJob')
      .select([
        'id',
        'partId',
        'partBuildId',
        'priority',
        'queueOrder',
        'createdAt',
        'requiredPrinterTags',
        'excludedPrinterIds',
        'extensions',
        'materialAssignments',
        'filesToPrint',
      ])
      .where('storeId', '=', this.options.storeId)
      .where('status', '=', 'pending');
    if (only !== null) query = query.where('id', '=', only);
    const rows = (await query.execute()).map((row): QueuedJob => decodeRow(printJob, row));
    const copies = await this.#partCopies(new Set(rows.map((row) => row.partBuildId)));
    return rows.map((row) => ({ row, match: matchJob(row, copies.get(row.partBuildId)) }));
  }

  /** The frozen part's metadata by build. */
  async #partCopies(buildIds: ReadonlySet<string>): Promise<ReadonlyMap<string, unknown>> {
    const found = new Map<string, unknown>();
    const ids = [...buildIds];
    for (let start = 0; start < ids.length; start += 500) {
      const rows = await this.options.database.read
        .selectFrom('partBuild')
        .select(['id', 'partCopy'])
        .where('id', 'in', ids.slice(start, start + 500))
        .execute();
      for (const row of rows) {
        const copy: unknown = JSON.parse(row.partCopy);
        if (typeof copy === 'object' && copy !== null && 'metadata' in copy) found.set(row.id, copy.metadata);
      }
    }
    return found;
  }

  #settings(): MatchSettings {
    return {
      processLowPriorityJobs: false,
      maxConcurrentJobs: this.options.maxConcurrentJobs,
      activeJobs: this.options.runner.openCount,
    };
  }
}
