import {
  DriverError,
  type DriverLog,
  type PrinterTarget,
  type UploadRequest,
  type UploadResult,
} from '../driver.js';
import type { FileTransfer } from './file-transfer.js';
import { DataProtections } from './transfer-protection.js';
import { FtpSession } from './transfer-session.js';
import { FifoSlots, Lanes } from './transfer-slots.js';
import { CardSpace } from './transfer-space.js';
import { TRANSFER_TIMING, type TransferTiming } from './transfer-timing.js';
import { Upload } from './transfer-upload.js';

export interface BambuFileTransferOptions {
  /** Uploads at once over all printers, default 8. */
  readonly simultaneous?: number;
  readonly timing?: Partial<TransferTiming>;
  /**
   * A file that is there already with our size is taken for ours and not sent again, default true: names are unique
   * per dispatch, so it can only come from an earlier try of the same one.
   */
  readonly skipExisting?: boolean;
  readonly log?: DriverLog;
}

/** Files to and from printers by FTPS (docs/protocol.md §8). */
export class BambuFileTransfer implements FileTransfer {
  private readonly timing: TransferTiming;
  private readonly skipExisting: boolean;
  private readonly log: DriverLog | null;
  private readonly lanes = new Lanes();
  private readonly slots: FifoSlots;
  private readonly protections = new DataProtections();
  private readonly space = new CardSpace();
  /** What is under way, and what ends it. */
  private readonly running = new Map<Promise<unknown>, AbortController>();
  private closed = false;
  /** Ends even the cleaning up after it. */
  private readonly leaving = new AbortController();

  constructor(options: BambuFileTransferOptions = {}) {
    this.timing = { ...TRANSFER_TIMING, ...options.timing };
    this.skipExisting = options.skipExisting ?? true;
    this.log = options.log ?? null;
    this.slots = new FifoSlots(options.simultaneous ?? 8);
  }

  upload(target: PrinterTarget, request: UploadRequest): Promise<UploadResult> {
    return this.inLane(target, request.remoteName, request.signal, async (signal) => {
      const release = await this.slots.take(signal);
      try {
        return await new Upload(target, request, {
          timing: this.timing,
          skipExisting: this.skipExisting,
          protections: this.protections,
          space: this.space,
          log: this.log,
          signal,
          cleanupSignal: this.leaving.signal,
        }).run();
      } finally {
        release();
      }
    });
  }

  remoteSize(target: PrinterTarget, remoteName: string, signal: AbortSignal): Promise<number | null> {
    return this.inLane(target, remoteName, signal, (own) =>
      this.inSession(target, own, (session) => session.size(remoteName)),
    );
  }

  remove(target: PrinterTarget, remoteName: string, signal: AbortSignal): Promise<void> {
    return this.inLane(target, remoteName, signal, (own) =>
      this.inSession(target, own, (session) => session.remove(remoteName)),
    );
  }

  look(
    target: PrinterTarget,
    signal: AbortSignal,
  ): Promise<{ readonly files: number; readonly freeBytes: number | null }> {
    return this.inLane(target, 'root', signal, (own) =>
      this.inSession(target, own, async (session) => {
        const files = (await session.list('/')).length;
        return { files, freeBytes: await session.freeBytes() };
      }),
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const controller of this.running.values()) controller.abort();
    const hardEnd = setTimeout(() => this.leaving.abort(), CLOSE_MS);
    await Promise.allSettled(this.running.keys());
    clearTimeout(hardEnd);
  }

  private async inLane<T>(
    target: PrinterTarget,
    remoteName: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    assertRootName(remoteName);
    const controller = new AbortController();
    const abort = () => controller.abort();
    if (signal.aborted || this.closed) abort();
    signal.addEventListener('abort', abort, { once: true });
    const result = this.lanes.run(target.serial, controller.signal, () => work(controller.signal));
    this.running.set(result, controller);
    try {
      return await result;
    } finally {
      this.running.delete(result);
      signal.removeEventListener('abort', abort);
    }
  }

  private async inSession<T>(
    target: PrinterTarget,
    signal: AbortSignal,
    work: (session: FtpSession) => Promise<T>,
  ): Promise<T> {
    try {
      const protection = this.protections.of(target);
      const session = await FtpSession.open(target, {
        timing: this.timing,
        signal,
        protection,
        log: this.log,
      });
      try {
        const result = await work(session);
        await session.quit();
        return result;
      } finally {
        session.close();
      }
    } catch (error) {
      if (!this.protections.unlearn(target, error)) throw error;
      return this.inSession(target, signal, work);
    }
  }
}

/** Within the two seconds that a session's `stop` may take. */
const CLOSE_MS = 1_500;

/** Names are put into commands: nothing in them may end the command or leave the root folder. */
function assertRootName(name: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/.test(name)) return;
  throw new DriverError(
    'storage',
    `${JSON.stringify(name.slice(0, 80))} cannot be a file name on a printer: letters, digits, ".", "_" and "-" can.`,
  );
}
