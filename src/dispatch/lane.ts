import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type CommandOutcome, DriverError } from '../../drivers/driver.js';
import type { JobStatus } from '../contract/enums.js';
import type { Clock } from '../contract/time.js';
import type { Transaction } from '../database/transaction.js';
import { isMachineFree, type LivePrinter } from '../fleet/live-printer.js';
import { printer } from '../resources/index.js';
import { type DispatchRow, freshToken, journalOf, writeStep } from './journal.js';
import { step } from './machine.js';
import {
  type DispatchEvent,
  type DispatchState,
  type DispatchTiming,
  type Effect,
  NOT_WATCHED,
  type Step,
} from './machine-types.js';
import { observationOf } from './projection.js';
import { startBlocked } from './start-check.js';
import { type PrinterConfigFlags, startRequest } from './start-request.js';

/** Told before and after everything that must survive a crash; tests end the process there. */
export type StepProbe = (point: string) => void;

export interface LaneOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing: DispatchTiming;
  readonly random: () => number;
  readonly probe: StepProbe;
  write<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  live(printerId: string): LivePrinter | null;
  /** Where the bytes of a file lie. */
  localPath(sha256: string): string;
  onProgress(printerId: string, sentBytes: number, totalBytes: number): void;
  onEnded(lane: Lane): void;
}

/** Kinds of driver errors that the same printer will give again however often it is asked. */
const PERMANENT: ReadonlySet<DriverError['kind']> = new Set([
  'auth',
  'certificate',
  'storage-full',
  'storage',
  'unsupported',
]);
/** Refusals that are the printer's trouble: another printer may take the job. */
const PRINTERS_FAULT: ReadonlySet<DriverError['kind']> = new Set([
  'auth',
  'busy',
  'developer-mode',
  'storage',
  'storage-full',
]);

const RETRY_WRITE_MS = 1_000;

/**
 * One dispatch at work. Events come in one after another; each is decided by the machine, made durable, and only then
 * carried out.
 */
export class Lane {
  #row: DispatchRow;
  #state: DispatchState;
  #shown: JobStatus | null = null;
  #config: PrinterConfigFlags | null = null;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #upload = new AbortController();

  constructor(
    row: DispatchRow,
    private readonly options: LaneOptions,
  ) {
    this.#row = row;
    this.#state = { journal: journalOf(row), watch: NOT_WATCHED };
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

  /** The start may have reached the printer. */
  get isWithPrinter(): boolean {
    return this.#state.journal.phase === 'start-sent' || this.#state.journal.phase === 'printing';
  }

  /** Hands in what happened; resolves when it has been dealt with. */
  send(event: DispatchEvent): Promise<void> {
    this.#waiting += 1;
    const handled = this.#queue.then(() => this.#handle(event));
    // The line goes on whatever became of this event; its sender hears of the failure.
    this.#queue = handled.then(
      () => this.#served(),
      () => this.#served(),
    );
    return handled;
  }

  /** The frequent events: looked at without a promise when nothing waits and nothing comes of them. */
  glance(event: DispatchEvent): void {
    if (this.#waiting === 0) {
      const result = step(this.#state, event, this.options.timing);
      if (!this.#matters(result)) {
        this.#state = result.state;
        return;
      }
    }
    this.#follow(this.send(event));
  }

  /** Stops at once; the journal stays as it is, to be taken up at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#upload.abort();
    await Promise.all([this.#queue, ...this.#working]);
  }

  #served(): void {
    this.#waiting -= 1;
  }

  /** Lets work run beside the line of events; a failure in it is logged, and `stop` waits for it. */
  #follow(work: Promise<void>): void {
    const followed: Promise<void> = work
      .catch((error: unknown) => this.options.log.error({ err: error }, 'dispatch work failed'))
      .finally(() => this.#working.delete(followed));
    this.#working.add(followed);
  }

  async #handle(event: DispatchEvent): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const result = step(this.#state, event, this.options.timing);
      if (!this.#matters(result)) {
        this.#state = result.state;
        return;
      }
      try {
        await this.#write(result);
      } catch (error) {
        // Nothing may be done that was not written down. The same event is decided anew when writing works again.
        this.options.log.error(
          { err: error, event: event.kind },
          'a dispatch step could not be written; trying again',
        );
        await this.#pause(RETRY_WRITE_MS);
        continue;
      }
      for (const effect of result.effects) this.#perform(effect);
      if (result.ending) this.#end(result);
      return;
    }
  }

  #matters(result: Step): boolean {
    if (result.effects.length > 0 || result.ending) return true;
    return (
      result.state.journal !== this.#state.journal || (result.job !== null && result.job.to !== this.#shown)
    );
  }

  async #write(result: Step): Promise<void> {
    const { options } = this;
    const before = this.#state.journal;
    const resends = result.state.journal.resentAt !== before.resentAt;
    const live = options.live(this.printerId);
    const point = result.state.journal.phase;
    if (point !== before.phase) options.probe(`before:${point}`);
    const written = await options.write(async (tx) => {
      if (!resends)
        return { row: await writeStep(tx, this.#row, result, live !== null && isMachineFree(live)), result };
      const token = await freshToken(tx, options.random);
      const journal = { ...result.state.journal, token, previousToken: before.token };
      const again = { ...result, state: { ...result.state, journal } };
      return { row: await writeStep(tx, this.#row, again, false), result: again };
    });
    this.#row = written.row;
    this.#state = written.result.state;
    if (result.job) this.#shown = result.job.to;
    if (point !== before.phase) {
      options.log.info(
        { job: this.jobId, from: before.phase, to: point, message: result.ending?.message },
        'dispatch',
      );
      options.probe(`after:${point}`);
    }
  }

  #end(result: Step): void {
    this.#upload.abort();
    this.options.log.info({ job: this.jobId, outcome: result.ending?.outcome }, 'dispatch ended');
    this.options.onEnded(this);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'upload':
        this.#follow(this.#transfer(effect.afterMs));
        return;
      case 'abort-upload':
        this.#upload.abort();
        return;
      case 'check-start':
        this.#follow(this.#checkStart());
        return;
      case 'send-start':
        this.#follow(this.#sendStart());
        return;
      case 'send-stop':
        this.#follow(this.#command('stop'));
        return;
      case 'refresh':
        this.#follow(this.#command('refresh'));
    }
  }

  async #transfer(afterMs: number): Promise<void> {
    this.#upload = new AbortController();
    const signal = AbortSignal.any([this.#upload.signal, this.#stopping.signal]);
    if (afterMs > 0) await this.#pause(afterMs, signal);
    if (signal.aborted) return;
    const { bytes, remoteName, sha256 } = this.#row;
    try {
      const live = this.options.live(this.printerId);
      if (!live) throw new DriverError('unreachable', 'the printer is not in the fleet');
      this.options.probe('before:upload');
      const result = await live.session.upload({
        localPath: this.options.localPath(sha256),
        sizeBytes: bytes,
        remoteName,
        signal,
        onProgress: (sent) => this.options.onProgress(this.printerId, sent, bytes),
      });
      this.options.probe('after:upload');
      if (result.warning) this.options.log.warn({ warning: result.warning, remoteName }, 'upload');
      await this.send({ kind: 'transferred', at: this.options.clock.now() });
    } catch (error) {
      // Cancelled or shutting down: whoever aborted has said what becomes of the dispatch.
      if (signal.aborted) return;
      const failure = describe(error);
      this.options.log.warn({ err: error, remoteName, retry: failure.retry }, 'upload failed');
      await this.send({ kind: 'transfer-failed', at: this.options.clock.now(), failure });
    }
  }

  async #checkStart(): Promise<void> {
    const at = this.options.clock.now();
    const live = this.options.live(this.printerId);
    try {
      const gate = await this.options.write((tx) => tx.get(printer, this.printerId));
      const blocked = startBlocked(this.#row, gate, live);
      if (blocked || !live?.report) {
        await this.send({
          kind: 'start-blocked',
          at,
          ...(blocked ?? { reason: 'no report', exclude: false }),
        });
        return;
      }
      this.#config = gate.providerConfig;
      await this.send({
        kind: 'start-cleared',
        at,
        before: observationOf(live.report),
        wasReady: gate.confirmedReady,
      });
    } catch (error) {
      this.options.log.error({ err: error }, 'the printer could not be checked before the start');
      await this.send({
        kind: 'start-blocked',
        at,
        reason: 'the printer could not be checked',
        exclude: false,
      });
    }
  }

  async #sendStart(): Promise<void> {
    const live = this.options.live(this.printerId);
    this.options.probe('before:start');
    const outcome: CommandOutcome = live
      ? await live.session.startPrint(startRequest(this.#row, this.#config))
      : { kind: 'unsent', error: new DriverError('unreachable', 'the printer is not in the fleet') };
    this.options.probe('after:start');
    const at = this.options.clock.now();
    switch (outcome.kind) {
      case 'accepted':
      case 'unanswered':
        return this.send({ kind: 'start-answered', at });
      case 'unsent':
        return this.send({ kind: 'start-unsent', at, message: outcome.error.message });
      case 'refused': {
        const { kind, message } = outcome.error;
        this.options.log.warn({ err: outcome.error }, 'the printer refused the start');
        return this.send({ kind: 'start-refused', at, message, elsewhere: PRINTERS_FAULT.has(kind) });
      }
    }
  }

  async #command(kind: 'stop' | 'refresh'): Promise<void> {
    const live = this.options.live(this.printerId);
    if (!live) return;
    const outcome = await live.session.command({ kind });
    if (outcome.kind === 'accepted') return;
    this.options.log.warn(
      { command: kind, outcome: outcome.kind },
      'the printer did not confirm the command',
    );
  }

  async #pause(ms: number, signal: AbortSignal = this.#stopping.signal): Promise<void> {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      // Aborted: the caller looks at the signal.
    }
  }
}

function describe(error: unknown): { message: string; retry: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `upload failed: ${message}`,
    retry: !(error instanceof DriverError && PERMANENT.has(error.kind)),
  };
}
