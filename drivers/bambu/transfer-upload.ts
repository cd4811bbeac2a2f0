import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import {
  DriverError,
  type DriverLog,
  type PrinterTarget,
  type UploadRequest,
  type UploadResult,
} from '../driver.js';
import { findModel } from './models.js';
import type { DataProtections } from './transfer-protection.js';
import { FtpSession, type Protection } from './transfer-session.js';
import { type CardSpace, tooShort } from './transfer-space.js';
import { type StoreEnd, type StoreRequest, storeFile } from './transfer-store.js';
import type { TransferTiming } from './transfer-timing.js';

export interface UploadContext {
  readonly timing: TransferTiming;
  readonly skipExisting: boolean;
  readonly protections: DataProtections;
  readonly space: CardSpace;
  readonly log: DriverLog | null;
  readonly signal: AbortSignal;
  /** Ends even the removal of what an aborted upload left. */
  readonly cleanupSignal: AbortSignal;
}

/** Final replies come within this time from models we know nothing of. */
const UNKNOWN_MODEL_FINAL_REPLY_MS = 120_000;

/** One file on its way to one printer, with the retries that the printer's moods make worth while. */
export class Upload {
  private readonly startedAt = performance.now();
  private readonly warnings: string[] = [];
  private protection: Protection;
  private busyRetriesLeft: number;
  private nameRetriesLeft = 1;
  /** A STOR was sent: part of the file may lie on the printer. */
  private attempted = false;

  constructor(
    private readonly target: PrinterTarget,
    private readonly request: UploadRequest,
    private readonly context: UploadContext,
  ) {
    this.protection = context.protections.of(target);
    this.busyRetriesLeft = context.timing.busyRetries;
  }

  /** @throws DriverError */
  async run(): Promise<UploadResult> {
    await this.assertLocalFile();
    for (;;) {
      try {
        const result = await this.attempt();
        if (result !== 'again') return result;
      } catch (error) {
        if (this.context.signal.aborted) {
          await this.removeLeftovers();
          throw this.aborted(error);
        }
        if (!(await this.shallRepeat(error))) throw error;
      }
    }
  }

  private async attempt(): Promise<UploadResult | 'again'> {
    const { context, request } = this;
    const session = await this.open(context.signal);
    let end: StoreEnd;
    try {
      if (context.skipExisting && (await session.size(request.remoteName)) === request.sizeBytes) {
        await session.quit();
        return this.result(true);
      }
      await session.remove(request.remoteName);
      await context.space.assertRoom(session, this.target, request);
      this.attempted = true;
      end = await storeFile(session, this.storeRequest(), context.timing);
      if (end.kind === 'refused') throw await this.explained(session, end.error, request.sizeBytes);
      if (end.kind === 'confirmed') return await this.confirmed(session);
    } finally {
      session.close();
    }
    return this.afterDoubt(end.error, end.stalled);
  }

  private async confirmed(session: FtpSession): Promise<UploadResult> {
    const remoteBytes = await this.settledSize(session);
    if (remoteBytes === this.request.sizeBytes) {
      await session.quit();
      return this.result(false);
    }
    const missing = this.request.sizeBytes - (remoteBytes ?? 0);
    const error = await this.explained(session, tooShort(this.request, remoteBytes), missing);
    await session.remove(this.request.remoteName);
    throw error;
  }

  /** Neither success nor failure is believed: the size on the printer decides (docs/protocol.md §8.3). */
  private async afterDoubt(error: DriverError, stalled: boolean): Promise<UploadResult | 'again'> {
    if (await this.isWhole(error)) {
      this.warnings.push(`the file arrived whole although the transfer ended badly: ${error.message}`);
      return this.result(false);
    }
    const isClear = this.protection === 'C';
    if (!stalled || isClear || !this.context.protections.mayFallBack(this.target)) throw error;
    this.warnings.push('the encrypted data channel stalled, the file was sent through a clear one');
    this.protection = 'C';
    return 'again';
  }

  /** Asks in a session of its own, and deletes what is not whole. @throws the doubt when the printer cannot be asked */
  private async isWhole(doubt: DriverError): Promise<boolean> {
    this.context.signal.throwIfAborted();
    try {
      const session = await this.open(this.context.signal);
      try {
        const whole = (await this.settledSize(session)) === this.request.sizeBytes;
        if (!whole) await session.remove(this.request.remoteName);
        await session.quit();
        return whole;
      } finally {
        session.close();
      }
    } catch (unanswered) {
      this.context.log?.debug({ serial: this.target.serial, err: unanswered }, 'size after upload not known');
      throw doubt;
    }
  }

  private async shallRepeat(error: unknown): Promise<boolean> {
    if (!(error instanceof DriverError)) return false;
    if (this.protection === 'C' && this.context.protections.unlearn(this.target, error)) {
      this.protection = 'P';
      return true;
    }
    if (error.code === '553' && error.kind !== 'storage-full' && this.nameRetriesLeft > 0) {
      this.nameRetriesLeft--;
      return true;
    }
    if (error.kind !== 'busy' || this.busyRetriesLeft === 0) return false;
    this.busyRetriesLeft--;
    this.context.log?.info({ serial: this.target.serial, err: error }, 'printer busy, upload waits');
    // An abort ends the pause early; the next attempt notices it.
    await pause(this.context.timing.busyPauseMs, undefined, { signal: this.context.signal }).catch(
      () => null,
    );
    return true;
  }

  /** Size on the printer; asked again for a while when it is not the expected one, for it may lag behind. */
  private async settledSize(session: FtpSession): Promise<number | null> {
    const { sizeSettleMs, sizeIntervalMs } = this.context.timing;
    const until = performance.now() + sizeSettleMs;
    for (;;) {
      const size = await session.size(this.request.remoteName);
      if (size === this.request.sizeBytes || performance.now() >= until) return size;
      await pause(sizeIntervalMs, undefined, { signal: this.context.signal });
    }
  }

  /** Best effort: the printer may be gone, or still be busy with the connection that was cut. */
  private async removeLeftovers(): Promise<void> {
    if (!this.attempted) return;
    const { cleanupMs, sizeIntervalMs } = this.context.timing;
    const signal = AbortSignal.any([this.context.cleanupSignal, AbortSignal.timeout(cleanupMs)]);
    try {
      const session = await this.open(signal);
      try {
        do {
          await session.remove(this.request.remoteName);
          await pause(sizeIntervalMs, undefined, { signal });
        } while ((await session.size(this.request.remoteName)) !== null);
        await session.quit();
      } finally {
        session.close();
      }
    } catch (error) {
      const fields = { serial: this.target.serial, file: this.request.remoteName, err: error };
      this.context.log?.warn(fields, 'part of an aborted upload may be left on the printer');
    }
  }

  private explained(session: FtpSession, error: DriverError, neededBytes: number): Promise<DriverError> {
    return this.context.space.explain(session, this.target, error, neededBytes);
  }

  private open(signal: AbortSignal): Promise<FtpSession> {
    const { timing, log } = this.context;
    return FtpSession.open(this.target, { timing, signal, protection: this.protection, log });
  }

  private result(skipped: boolean): UploadResult {
    if (!skipped) this.context.protections.remember(this.target, this.protection);
    return {
      remoteBytes: this.request.sizeBytes,
      durationMs: Math.round(performance.now() - this.startedAt),
      skipped,
      warning: this.warnings.length === 0 ? null : this.warnings.join('; '),
    };
  }

  private storeRequest(): StoreRequest {
    const { localPath, sizeBytes, remoteName, onProgress } = this.request;
    const model = findModel(this.target.modelCode, this.target.serial);
    const finalReplyMs =
      this.context.timing.finalReplyMs ?? model?.ftps.finalReplyTimeoutMs ?? UNKNOWN_MODEL_FINAL_REPLY_MS;
    return { localPath, sizeBytes, remoteName, finalReplyMs, onProgress };
  }

  private async assertLocalFile(): Promise<void> {
    let bytes: number;
    try {
      bytes = (await stat(this.request.localPath)).size;
    } catch (cause) {
      throw new DriverError('protocol', 'The file to send cannot be read from the disk.', { cause });
    }
    if (bytes === this.request.sizeBytes) return;
    const text = `The file to send has ${bytes} bytes, not the ${this.request.sizeBytes} announced.`;
    throw new DriverError('protocol', text);
  }

  private aborted(cause: unknown): DriverError {
    if (cause instanceof DriverError && cause.kind === 'aborted') return cause;
    return new DriverError('aborted', `Sending ${this.request.remoteName} was called off.`, { cause });
  }
}
