import { type ScheduledTask, schedule } from 'node-cron';
import type { Logger } from 'pino';
import { lastDue, readSchedule } from '../contract/cron.js';
import type { Clock } from '../contract/time.js';
import type { Chore, ChoreReport, ChoreRun, RunBook } from './chore.js';

export interface UpkeepOptions {
  readonly chores: readonly Chore[];
  readonly book: RunBook;
  readonly clock: Clock;
  readonly log: Logger;
}

/** After a start the farm comes first: what was missed while the daemon was down waits so long. Milliseconds. */
const MAKE_UP_AFTER_MS = 10 * 60_000;
/** A chore that does not heed its signal is not waited for any longer at the end. */
const END_MS = 2_000;

/**
 * Does the daily work, each chore at its time and never two at once: what comes due meanwhile waits, and waits once. A
 * chore that fails says so and is done again at its next time.
 */
export class Upkeep {
  readonly #tasks = new Map<string, ScheduledTask>();
  readonly #last = new Map<string, ChoreRun>();
  readonly #waiting: Chore[] = [];
  #current: { readonly chore: Chore; readonly since: number; readonly ended: Promise<void> } | null = null;
  #makingUp: NodeJS.Timeout | null = null;
  readonly #stopping = new AbortController();

  constructor(private readonly options: UpkeepOptions) {}

  start(): void {
    for (const chore of this.options.chores) {
      if (chore.schedule === null) continue;
      const task = schedule(chore.schedule, () => this.#enqueue(chore), { suppressMissedWarning: true });
      this.#tasks.set(chore.name, task);
    }
    this.#makingUp = setTimeout(() => this.#watch(this.#makeUp()), MAKE_UP_AFTER_MS);
  }

  async stop(): Promise<void> {
    if (this.#makingUp) clearTimeout(this.#makingUp);
    this.#stopping.abort();
    this.#waiting.length = 0;
    for (const task of this.#tasks.values()) await task.destroy();
    const ended = this.#current?.ended;
    if (!ended) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_MS);
    });
    await Promise.race([ended, patience]);
    clearTimeout(timer);
  }

  /** Does a chore as soon as none is being done, whatever its schedule. @returns false when there is no such chore */
  ask(name: string): boolean {
    const chore = this.options.chores.find((one) => one.name === name);
    if (chore) this.#enqueue(chore);
    return chore !== undefined;
  }

  /** Every chore, with its last run. Kept ones know theirs from earlier processes, once they were read. */
  async report(): Promise<readonly ChoreReport[]> {
    await this.#read();
    return this.options.chores.map((chore) => ({
      name: chore.name,
      schedule: chore.schedule,
      nextAt: this.#tasks.get(chore.name)?.getNextRun()?.getTime() ?? null,
      runningSince: this.#current?.chore === chore ? this.#current.since : null,
      waiting: this.#waiting.includes(chore),
      last: this.#last.get(chore.name) ?? null,
    }));
  }

  #enqueue(chore: Chore): void {
    if (this.#stopping.signal.aborted || this.#waiting.includes(chore)) return;
    this.#waiting.push(chore);
    this.#next();
  }

  #next(): void {
    if (this.#current || this.#stopping.signal.aborted) return;
    const chore = this.#waiting.shift();
    if (!chore) return;
    const since = this.options.clock.now();
    const ended = this.#do(chore, since).finally(() => {
      this.#current = null;
      this.#next();
    });
    this.#current = { chore, since, ended };
    this.#watch(ended);
  }

  async #do(chore: Chore, startedAt: number): Promise<void> {
    const { log, book } = this.options;
    const began = performance.now();
    const outcome = await this.#outcomeOf(chore);
    // Ended by the daemon's own end: no run of which anybody should hear.
    if (this.#stopping.signal.aborted && outcome.error !== null) return;
    const durationMs = Math.round(performance.now() - began);
    const run: ChoreRun = { chore: chore.name, startedAt, durationMs, ...outcome };
    this.#last.set(chore.name, run);
    const { error, result } = run;
    if (error !== null) log.error({ chore: chore.name, durationMs, error }, 'daily work failed');
    else log.info({ chore: chore.name, durationMs, result }, 'daily work done');
    if (chore.kept) await book.write(run);
  }

  async #outcomeOf(chore: Chore): Promise<Pick<ChoreRun, 'result' | 'error'>> {
    const tooLong = new AbortController();
    const timer = setTimeout(() => {
      const error = new Error(`it took longer than ${Math.round(chore.timeoutMs / 1000)} s`);
      this.options.log.error({ chore: chore.name }, 'daily work takes too long; it is told to stop');
      tooLong.abort(error);
    }, chore.timeoutMs);
    try {
      const result = await chore.run(AbortSignal.any([this.#stopping.signal, tooLong.signal]));
      return { result, error: null };
    } catch (error) {
      return { result: null, error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** What was to be done since its last run, while nobody was there to do it. */
  async #makeUp(): Promise<void> {
    await this.#read();
    for (const chore of this.options.chores) {
      if (!chore.kept || chore.schedule === null) continue;
      const when = readSchedule(chore.schedule);
      const due = when && lastDue(when, this.options.clock.now());
      const last = this.#last.get(chore.name);
      if (due && (last === undefined || last.startedAt < due)) this.#enqueue(chore);
    }
  }

  /** A run of this process is newer than what the book says. */
  async #read(): Promise<void> {
    for (const run of await this.options.book.all())
      if (!this.#last.has(run.chore)) this.#last.set(run.chore, run);
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.options.log.error({ err: error }, 'daily work could not be written down'),
    );
  }
}
