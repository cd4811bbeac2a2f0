import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type CommandOutcome, DriverError } from '../../drivers/driver.js';
import type { Transaction } from '../database/transaction.js';
import type { LivePrinter } from '../fleet/live-printer.js';
import { printer } from '../resources/index.js';
import type { DispatchRow } from './journal.js';
import type { DispatchEvent, Moment, TransferFailure } from './machine-types.js';
import { observationOf } from './projection.js';
import { type StartGate, startBlocked } from './start-check.js';
import { type PrinterConfigFlags, startRequest } from './start-request.js';

/** Told before and after everything that must survive a crash; tests end the process there. */
export type StepProbe = (point: string) => void;

export interface WorkOptions {
  readonly log: Logger;
  readonly probe: StepProbe;
  moment(): Moment;
  write<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
  live(printerId: string): LivePrinter | null;
  /** Why no print may begin now, whatever the printer; null when one may. */
  closed(): string | null;
  /** Where the bytes of a file lie. */
  localPath(sha256: string): string;
  onProgress(printerId: string, sentBytes: number, totalBytes: number): void;
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
/** Reasons for not sending a start that will be the same next time. */
const NEVER_SENT: ReadonlySet<DriverError['kind']> = new Set(['rejected', 'unsupported', 'developer-mode']);

/** What a dispatch does with its printer; every piece of work answers with the event that came of it. */
export class PrinterWork {
  #config: PrinterConfigFlags | null = null;

  constructor(private readonly options: WorkOptions) {}

  /**
   * Sends the file.
   *
   * @returns null when the signal ended it, for then whoever gave it has said what follows
   */
  async transfer(row: DispatchRow, afterMs: number, signal: AbortSignal): Promise<DispatchEvent | null> {
    const { options } = this;
    if (afterMs > 0) await pause(afterMs, signal);
    if (signal.aborted) return null;
    const { bytes, printerId, remoteName, sha256 } = row;
    try {
      const live = options.live(printerId);
      if (!live) throw notInFleet();
      options.probe('before:upload');
      const result = await live.session.upload({
        localPath: options.localPath(sha256),
        sizeBytes: bytes,
        remoteName,
        signal,
        onProgress: (sent) => options.onProgress(printerId, sent, bytes),
      });
      options.probe('after:upload');
      if (result.warning) options.log.warn({ warning: result.warning, remoteName }, 'upload');
      return { kind: 'transferred', ...options.moment() };
    } catch (error) {
      if (signal.aborted) return null;
      const failure = describe(error);
      options.log.warn({ err: error, remoteName, retry: failure.retry }, 'upload failed');
      return { kind: 'transfer-failed', ...options.moment(), failure };
    }
  }

  /** Looks at everything once more: what was true when the printer was chosen may not be true now. */
  async checkStart(row: DispatchRow): Promise<DispatchEvent> {
    const { options } = this;
    const moment = options.moment();
    try {
      options.probe('before:check-start');
      const gate = await this.#gate(row);
      const live = options.live(row.printerId);
      const closed = options.closed();
      const check = closed === null ? startBlocked(row, gate, live) : { reason: closed, exclude: false };
      options.probe('after:check-start');
      if ('reason' in check) return { kind: 'start-blocked', ...moment, ...check };
      this.#config = gate.providerConfig;
      const before = observationOf(check.report);
      return { kind: 'start-cleared', ...options.moment(), before, wasReady: gate.confirmedReady };
    } catch (error) {
      options.log.error({ err: error }, 'the printer could not be checked before the start');
      const reason = 'the printer could not be checked before the start';
      return { kind: 'start-blocked', ...moment, reason, exclude: false };
    }
  }

  /** Sends the start command, once. The first one goes out before this returns. */
  async sendStart(row: DispatchRow): Promise<DispatchEvent> {
    const { options } = this;
    const outcome = row.resentAt === null ? await this.#start(row) : await this.#startAgain(row);
    const moment = options.moment();
    switch (outcome.kind) {
      case 'accepted':
      case 'unanswered':
        return { kind: 'start-answered', ...moment };
      case 'unsent': {
        const { kind, message } = outcome.error;
        return { kind: 'start-unsent', ...moment, message, exclude: NEVER_SENT.has(kind) };
      }
      case 'refused': {
        const { kind, message } = outcome.error;
        options.log.warn({ err: outcome.error }, 'the printer refused the start');
        const elsewhere = PRINTERS_FAULT.has(kind);
        return { kind: 'start-refused', ...moment, message, elsewhere, busy: kind === 'busy' };
      }
    }
  }

  async command(row: DispatchRow, kind: 'stop' | 'refresh'): Promise<null> {
    this.options.probe(`before:${kind}`);
    const outcome = await this.options.live(row.printerId)?.session.command({ kind });
    this.options.probe(`after:${kind}`);
    if (!outcome || outcome.kind === 'accepted') return null;
    // A report that was asked for too often is no trouble: others come by themselves.
    const level = kind === 'stop' ? 'warn' : 'debug';
    const fields = { command: kind, outcome: outcome.kind };
    this.options.log[level](fields, 'the printer did not confirm the command');
    return null;
  }

  async #start(row: DispatchRow): Promise<CommandOutcome> {
    const live = this.options.live(row.printerId);
    if (!live) return { kind: 'unsent', error: notInFleet() };
    const point = row.resentAt === null ? 'start' : 'start-again';
    this.options.probe(`before:${point}`);
    const outcome = await live.session.startPrint(startRequest(row, this.#config));
    this.options.probe(`after:${point}`);
    return outcome;
  }

  /** Minutes have passed since the first start was cleared. */
  async #startAgain(row: DispatchRow): Promise<CommandOutcome> {
    try {
      // The bed was clear when the first start was sent, and that alone made it count as not clear.
      const gate = { ...(await this.#gate(row)), confirmedReady: true };
      const check = startBlocked(row, gate, this.options.live(row.printerId));
      if ('reason' in check) return { kind: 'unsent', error: new DriverError('busy', check.reason) };
    } catch (error) {
      return {
        kind: 'unsent',
        error: new DriverError('busy', 'the printer could not be checked', { cause: error }),
      };
    }
    return this.#start(row);
  }

  /** The printer as the database knows it now. */
  #gate(row: DispatchRow): Promise<StartGate> {
    return this.options.write((tx) => tx.get(printer, row.printerId));
  }
}

function notInFleet(): DriverError {
  return new DriverError('unreachable', 'the printer is not in the fleet');
}

function describe(error: unknown): TransferFailure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `upload failed: ${message}`,
    retry: !(error instanceof DriverError && PERMANENT.has(error.kind)),
  };
}

/** Waits, or ends early by the signal, at which the caller looks. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // Aborted.
  }
}
