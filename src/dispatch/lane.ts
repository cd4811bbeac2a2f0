import { traysThatTell } from '../fleet/facts.js';
import { isPrintingNow, takesJobs } from '../fleet/live-printer.js';
import { whyAttended } from '../fleet/unattended.js';
import { Backlog } from './backlog.js';
import { type DispatchRow, freshToken, journalOf, writeStep } from './journal.js';
import { step } from './machine.js';
import {
  type DispatchEvent,
  type DispatchState,
  type DispatchTiming,
  type Effect,
  type JobMove,
  NOT_WATCHED,
  type Phase,
  type Step,
} from './machine-types.js';
import type { DispatchMeter } from './meter.js';
import { PrinterWork, pause, type WorkOptions } from './printer-work.js';
import { pointOf } from './step-point.js';

export interface LaneOptions extends WorkOptions {
  readonly timing: DispatchTiming;
  /** Spools whose AMS tells what is left on them are left alone. */
  readonly trustAms: boolean;
  readonly random: () => number;
  readonly meter: DispatchMeter;
  onEnded(lane: Lane): void;
}

const NO_TRAYS: ReadonlySet<number> = new Set();
const RETRY_WRITE_MS = 1_000;
const RETRY_WRITE_LAST_MS = 60_000;

/**
 * One dispatch at work. Events come in one after another; each is decided by the machine, made durable, and only then
 * carried out.
 */
export class Lane {
  #row: DispatchRow;
  #state: DispatchState;
  #shown: Pick<JobMove, 'to' | 'message'> | null = null;
  #queue: Promise<void> = Promise.resolve();
  readonly #backlog = new Backlog();
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  readonly #work: PrinterWork;
  #upload = new AbortController();
  /** `mono` since when the dispatch is in its phase; null when an earlier process brought it there. */
  #phaseSince: number | null;

  constructor(
    row: DispatchRow,
    private readonly options: LaneOptions,
  ) {
    this.#row = row;
    this.#work = new PrinterWork(options);
    this.#state = { journal: journalOf(row), watch: NOT_WATCHED };
    this.#phaseSince = row.phase === 'reserved' ? options.moment().mono : null;
  }

  get row(): DispatchRow {
    return this.#row;
  }

  get jobId(): string {
    return this.#row.printJobId;
  }

  get printerId(): string {
    return this.#row.printerId;
  }

  get phase(): Phase {
    return this.#state.journal.phase;
  }

  /** The start may have reached the printer. */
  get isWithPrinter(): boolean {
    return this.#state.journal.phase === 'start-sent' || this.#state.journal.phase === 'printing';
  }

  /** Its print was not seen to begin yet. */
  get isStarting(): boolean {
    return this.#state.journal.phase !== 'printing';
  }

  /** Reports decide what comes next: of a print, or of a printer that is waited for after a restart. */
  get heedsReports(): boolean {
    return this.isWithPrinter || this.#state.watch.returningSince !== null;
  }

  /** Hands in what happened; resolves when it has been dealt with. */
  send(event: DispatchEvent): Promise<void> {
    this.#backlog.add(event);
    const handled = this.#queue.then(() => this.#handle(event));
    // The line goes on whatever became of this event; its sender hears of the failure.
    this.#queue = handled.then(
      () => this.#backlog.served(),
      () => this.#backlog.served(),
    );
    return handled;
  }

  /** The frequent events: looked at without a promise when nothing waits and nothing comes of them. */
  glance(event: DispatchEvent): void {
    if (this.#backlog.isEmpty) {
      const result = step(this.#state, event, this.options.timing);
      if (!this.#matters(result)) {
        this.#state = result.state;
        return;
      }
    }
    const kept = this.#backlog.filter(event);
    if (kept) this.#follow(this.send(kept));
  }

  /** Stops at once; the journal stays as it is, to be taken up at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#upload.abort();
    await this.#queue;
    await Promise.all(this.#working);
  }

  /** Lets work run beside the line of events; a failure in it is logged, and `stop` waits for it. */
  #follow(work: Promise<void>): void {
    const followed: Promise<void> = work
      .catch((error: unknown) => this.options.log.error({ err: error }, 'dispatch work failed'))
      .finally(() => this.#working.delete(followed));
    this.#working.add(followed);
  }

  async #handle(event: DispatchEvent): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; failures++) {
      const result = step(this.#state, event, this.options.timing);
      if (!this.#matters(result)) {
        this.#state = result.state;
        return;
      }
      try {
        await this.#write(result);
      } catch (error) {
        this.options.log.error({ err: error, event: event.kind }, 'a dispatch step could not be written');
        await pause(Math.min(RETRY_WRITE_LAST_MS, RETRY_WRITE_MS * 2 ** failures), this.#stopping.signal);
        // Nothing may be done that was not written down. What allowed a start is old by now: it is looked at anew.
        if (!startsPrint(result)) continue;
        if (event.kind === 'start-cleared') this.#perform({ kind: 'check-start' });
        return;
      }
      if (startsPrint(result) && this.#stopping.signal.aborted) return this.#withdrawStart();
      for (const effect of result.effects) this.#perform(effect);
      if (result.ending) this.#end(result);
      return;
    }
  }

  /** The daemon is being stopped, and the start that was just written down will not be sent. */
  async #withdrawStart(): Promise<void> {
    const message = 'the daemon was stopped before the start was sent';
    const event = { kind: 'start-unsent' as const, ...this.options.moment(), message, exclude: false };
    await this.#write(step(this.#state, event, this.options.timing));
  }

  #matters(result: Step): boolean {
    if (result.effects.length > 0 || result.ending) return true;
    return (
      result.state.journal !== this.#state.journal ||
      (result.job !== null &&
        (result.job.to !== this.#shown?.to || result.job.message !== this.#shown.message))
    );
  }

  async #write(result: Step): Promise<void> {
    const { options } = this;
    const before = this.#state.journal;
    const { journal } = result.state;
    const point = pointOf(before, result, this.#shown?.to ?? null);
    options.probe(`before:${point}`);
    const written = await options.write(async (tx) => {
      let toWrite = result;
      if (journal.resentAt !== before.resentAt) {
        const token = await freshToken(tx, options.random);
        const renewed = { ...journal, token, previousToken: before.token };
        toWrite = { ...result, state: { ...result.state, journal: renewed } };
      }
      const live = options.live(this.printerId);
      const report = live?.report?.complete ? live.report : null;
      const machine = {
        free: live !== null && takesJobs(live),
        printing: isPrintingNow(live),
        trouble: report === null ? null : whyAttended(report.state),
        weighed: live !== null && options.trustAms ? traysThatTell(live) : NO_TRAYS,
      };
      return { row: await writeStep(tx, this.#row, toWrite, machine), state: toWrite.state };
    });
    this.#row = written.row;
    this.#state = written.state;
    if (result.job) this.#shown = result.job;
    options.probe(`after:${point}`);
    this.#count(point, before.phase, result);
    if (journal.phase === before.phase && journal.resentAt === before.resentAt) return;
    const message = result.ending?.message;
    options.log.info({ job: this.jobId, from: before.phase, to: point, message }, 'dispatch');
  }

  #count(point: string, from: Phase, { state, ending }: Step): void {
    const { meter, moment } = this.options;
    meter.stepped(point);
    if (ending) meter.ended(ending.outcome);
    if (state.journal.phase === from) return;
    const { mono } = moment();
    if (this.#phaseSince !== null) meter.passed(from, mono - this.#phaseSince);
    this.#phaseSince = mono;
  }

  #end(result: Step): void {
    this.#upload.abort();
    this.options.log.info({ job: this.jobId, outcome: result.ending?.outcome }, 'dispatch ended');
    this.options.onEnded(this);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'upload': {
        this.#upload = new AbortController();
        const signal = AbortSignal.any([this.#upload.signal, this.#stopping.signal]);
        this.#answer(this.#work.transfer(this.#row, effect.afterMs, signal));
        return;
      }
      case 'abort-upload':
        this.options.probe('before:abort-upload');
        this.#upload.abort();
        this.options.probe('after:abort-upload');
        return;
      case 'check-start':
        this.#answer(this.#work.checkStart(this.#row));
        return;
      case 'send-start':
        this.#answer(this.#untilStopping(this.#work.sendStart(this.#row)));
        return;
      case 'send-stop':
        this.#answer(this.#untilStopping(this.#work.command(this.#row, 'stop')));
        return;
      case 'refresh':
        this.#answer(this.#untilStopping(this.#work.command(this.#row, 'refresh')));
    }
  }

  #answer(work: Promise<DispatchEvent | null>): void {
    this.#follow(
      work.then(async (event) => {
        if (event && !this.#stopping.signal.aborted) await this.send(event);
      }),
    );
  }

  /** A command that was sent is not waited for at the end: what came of it shows after the next start. */
  #untilStopping<T>(work: Promise<T>): Promise<T | null> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const leave = () => resolve(null);
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}

function startsPrint(result: Step): boolean {
  return result.effects.some((effect) => effect.kind === 'send-start');
}
