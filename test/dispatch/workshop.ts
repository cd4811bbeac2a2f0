import { pino } from 'pino';
import type { Change } from '../../src/database/change.js';
import { decodeRow } from '../../src/database/rows.js';
import type { Transaction } from '../../src/database/transaction.js';
import type { DispatchRow } from '../../src/dispatch/journal.js';
import type { DispatchTiming } from '../../src/dispatch/machine-types.js';
import { DispatchRunner } from '../../src/dispatch/runner.js';
import { Scheduler, type SchedulerOptions } from '../../src/dispatch/scheduler.js';
import { StartPolicy } from '../../src/dispatch/start-policy.js';
import { createBuild, planBuild } from '../../src/domain/builds.js';
import type { PrintJob } from '../../src/domain/jobs.js';
import { confirmReady, type Printer, registerPrinter } from '../../src/domain/printers.js';
import { Fleet } from '../../src/fleet/fleet.js';
import { dispatch, part, printer, printJob, storedFile } from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { TIMING } from './life.js';
import { idleState, ScriptedDriver, type ScriptedSession } from './scripted-driver.js';

const URI = 'parts/cube.gcode.3mf';

interface Process {
  readonly driver: ScriptedDriver;
  readonly fleet: Fleet;
  readonly runner: DispatchRunner;
  readonly scheduler: Scheduler;
}

/** A database that outlives its daemons, and a daemon's inner parts with printers that do what the test says. */
export class Workshop {
  readonly logs: string[] = [];
  readonly points: string[] = [];
  readonly printerIds: string[] = [];
  /** What the monotonic clock shows, milliseconds. */
  mono = 1_000_000;
  /** What the next dispatches draw for their tokens; then ever new ones. */
  readonly draws: number[] = [];
  /** Called with the changes of every transaction before it commits: what it throws undoes them. */
  beforeCommit: (changes: readonly Change[]) => void = () => {};
  onPoint: (point: string) => void = () => {};
  readonly policy = new StartPolicy();
  /** How often the scheduler looks again by itself, milliseconds. */
  tickMs = 3_600_000;
  /** What the next daemon has in its configuration. */
  matching: SchedulerOptions['matching'] = {
    checkRemaining: 'warn',
    distinctSlots: false,
    keepTogether: 'none',
  };
  /** What the clock of the farm shows, epoch milliseconds. */
  now: () => number = Date.now;
  timing: Partial<DispatchTiming> = { ...TIMING, transferBackoffMs: [1, 1] };
  #process: Process | null = null;
  #drawn = 0;

  private constructor(readonly farm: TestDatabase) {}

  /** A farm of so many printers, all idle with white PLA, their beds clear. */
  static async open(printers = 1): Promise<Workshop> {
    const holder: { shop?: Workshop } = {};
    const recorder = async (tx: Transaction) => holder.shop?.beforeCommit(tx.changes);
    const shop = new Workshop(await testDatabase({ recorders: [recorder] }));
    holder.shop = shop;
    await shop.write(async (tx) => {
      for (let i = 0; i < printers; i++) await shop.#addPrinter(tx, i);
      await tx.insert(storedFile, {
        storeId: tx.context.storeId,
        uri: URI,
        kind: 'part',
        sha256: 'a'.repeat(64),
        bytes: 1_234,
      });
    });
    return shop;
  }

  get fleet(): Fleet {
    return this.#running.fleet;
  }

  get runner(): DispatchRunner {
    return this.#running.runner;
  }

  get scheduler(): Scheduler {
    return this.#running.scheduler;
  }

  get printerId(): string {
    const [first] = this.printerIds;
    if (first === undefined) throw new Error('There is no printer');
    return first;
  }

  session(index = 0): ScriptedSession {
    return this.#running.driver.session(serialOf(index));
  }

  /** Starts a daemon's parts. Printers report themselves idle unless `quiet`; nothing is matched unless `schedule`. */
  async boot({ quiet = false, schedule = true, trustAms = false } = {}): Promise<void> {
    const driver = new ScriptedDriver();
    const log = pino({ level: 'debug' }, { write: (line: string) => void this.logs.push(line) });
    const { db: database, storeId } = this.farm;
    const clock = { now: () => this.now() };
    const { policy } = this;
    const random = () => this.#draw();
    const probe = (point: string) => {
      this.points.push(point);
      this.onPoint(point);
    };
    const fleet = new Fleet({ driver, database, storeId, clock, log, extraCa: new Map(), trustAms });
    const runner = new DispatchRunner({
      database,
      storeId,
      fleet,
      clock,
      monotonic: () => this.mono,
      log,
      random,
      localPath: (sha256) => `/files/${sha256}`,
      timing: this.timing,
      trustAms,
      probe,
      policy,
    });
    const options = { database, storeId, fleet, runner, log, random, probe, policy, now: () => this.now() };
    const scheduler = new Scheduler({
      ...options,
      tickMs: this.tickMs,
      maxConcurrentJobs: null,
      matching: this.matching,
    });
    this.#process = { driver, fleet, runner, scheduler };
    await runner.start();
    await fleet.start();
    if (!quiet) for (let i = 0; i < this.printerIds.length; i++) this.session(i).reports(idleState());
    if (schedule) scheduler.start();
  }

  /** Ends the daemon in good order. */
  async halt(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    await process?.scheduler.stop();
    await process?.runner.stop();
    await process?.fleet.stop();
  }

  async close(): Promise<void> {
    this.beforeCommit = () => {};
    await this.halt();
    await this.farm.close();
  }

  write<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.farm.db.write(this.farm.context, fn);
  }

  /** Puts jobs of one plate in white PLA into the queue. @returns their ids in the order of the queue */
  async queue(count = 1): Promise<string[]> {
    return this.write(async (tx) => {
      const made = await tx.insert(part, {
        storeId: tx.context.storeId,
        name: 'cube',
        type: 'gcode3mf',
        fileUris: [URI],
        fileHashes: ['a'.repeat(64)],
        metadata: SLICED,
      });
      const plan = planBuild(made, {
        partId: made.id,
        quantity: count,
        priority: 100,
        position: 'back',
        label: null,
        tags: {},
        materials: null,
      });
      const build = await createBuild(tx, plan, null);
      const jobs = await tx.db
        .selectFrom('printJob')
        .select('id')
        .where('partBuildId', '=', build.id)
        .orderBy('queueOrder')
        .execute();
      return jobs.map(({ id }) => id);
    });
  }

  job(id: string): Promise<PrintJob> {
    return this.write((tx) => tx.get(printJob, id));
  }

  printer(index = 0): Promise<Printer> {
    return this.write((tx) => tx.get(printer, this.printerIds[index] ?? ''));
  }

  async ready(index = 0, ready = true): Promise<void> {
    await this.write((tx) => confirmReady(tx, this.printerIds[index] ?? '', ready));
  }

  /** The newest dispatch of a job. */
  async dispatchOf(jobId: string): Promise<DispatchRow> {
    const all = await this.dispatchesOf(jobId);
    const last = all.at(-1);
    if (!last) throw new Error(`Job ${jobId} was never dispatched`);
    return last;
  }

  async dispatchesOf(jobId: string): Promise<readonly DispatchRow[]> {
    const rows = await this.farm.db.read
      .selectFrom('dispatch')
      .selectAll()
      .where('printJobId', '=', jobId)
      .orderBy('createdAt')
      .execute();
    return rows.map((row) => decodeRow(dispatch, row));
  }

  /** Waits, looking again after every commit, until something is so. */
  async until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
    for (;;) {
      const committed = this.#nextCommit();
      const found = await look();
      if (found) {
        committed.forget();
        return found;
      }
      await committed.happened;
    }
  }

  untilJob(id: string, status: PrintJob['status']): Promise<PrintJob> {
    return this.until(async () => {
      const job = await this.job(id);
      return job.status === status && job;
    });
  }

  /** Waits until a dispatch of the job is in this phase. */
  untilPhase(jobId: string, phase: DispatchRow['phase']): Promise<DispatchRow> {
    return this.until(async () => {
      const rows = await this.dispatchesOf(jobId);
      return rows.at(-1)?.phase === phase && rows.at(-1);
    });
  }

  /** A printer with its job's file sent and its start command given. */
  async started(index = 0): Promise<{ jobId: string; session: ScriptedSession }> {
    const session = this.session(index);
    const sent = session.next('start');
    const [jobId = ''] = await this.queue();
    await sent;
    return { jobId, session };
  }

  get #running(): Process {
    if (!this.#process) throw new Error('No daemon runs');
    return this.#process;
  }

  #nextCommit(): { readonly happened: Promise<void>; forget(): void } {
    let forget = () => {};
    const happened = new Promise<void>((resolve) => {
      forget = this.farm.db.feed.on(() => {
        forget();
        resolve();
      });
    });
    return { happened, forget };
  }

  async #addPrinter(tx: Transaction, index: number): Promise<void> {
    const made = await registerPrinter(tx, {
      serial: serialOf(index),
      name: `P1S-${index}`,
      host: `127.9.0.${index + 1}`,
      mqttPort: 8883,
      ftpPort: 990,
      accessCode: '12345678',
      trust: 'ca',
      pinnedFingerprint: null,
      modelCode: 'C12',
      modelName: 'Bambu Lab P1S',
      configured: false,
    });
    await confirmReady(tx, made.id, true);
    this.printerIds.push(made.id);
  }

  #draw(): number {
    this.#drawn += 1;
    return this.draws.shift() ?? (this.#drawn * 1_000.5) / 2_147_483_646;
  }
}

export function serialOf(index: number): string {
  return `01P00A00000000${index}`;
}

const SLICED = {
  printerModel: 'Bambu Lab P1S',
  nozzleDiameter: '0.4',
  plates: [
    {
      id: 1,
      gcodeFile: 'Metadata/plate_1.gcode',
      sliced: {
        printerModelId: 'C12',
        nozzleDiameters: '0.4',
        filaments: [{ id: '1', type: 'PLA', color: '#FFFFFF', trayInfoIdx: 'GFA00', usedG: 5 }],
      },
    },
    {
      id: 2,
      locked: true,
      gcodeFile: 'Metadata/plate_2.gcode',
      sliced: {
        printerModelId: 'C12',
        nozzleDiameters: '0.4',
        filaments: [{ id: '1', type: 'PLA', color: '#FFFFFF', trayInfoIdx: 'GFA00', usedG: 50 }],
      },
    },
  ],
};
