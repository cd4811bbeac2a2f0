import { setTimeout as pause } from 'node:timers/promises';
import { DriverError, type PrinterTarget, type UploadRequest, type UploadResult } from '../driver.js';
import type { FileTransfer } from './file-transfer.js';

export interface SessionTransfersOptions {
  readonly transfer: FileTransfer;
  readonly target: () => PrinterTarget;
  /** Whether the last report shows a print under way. */
  readonly printing: () => boolean;
  readonly overloadedPauseMs: number;
}

/**
 * The file transfers of one session: they go to its present target and end with it. A small machine that cannot be
 * reached while it prints has enough to do: it is left alone for a while (docs/protocol.md §8.3).
 */
export class SessionTransfers {
  readonly #options: SessionTransfersOptions;
  #life: AbortController | null = null;
  /** On the clock that never jumps. */
  #notBefore = 0;

  constructor(options: SessionTransfersOptions) {
    this.#options = options;
  }

  open(): void {
    this.#life ??= new AbortController();
  }

  /** Aborts what is under way and refuses what comes later. */
  close(): void {
    this.#life?.abort();
    this.#life = null;
  }

  upload(request: UploadRequest): Promise<UploadResult> {
    return this.#run(request.signal, (target, signal) =>
      this.#options.transfer.upload(target, { ...request, signal }),
    );
  }

  remoteSize(remoteName: string, signal: AbortSignal): Promise<number | null> {
    return this.#run(signal, (target, joined) =>
      this.#options.transfer.remoteSize(target, remoteName, joined),
    );
  }

  remove(remoteName: string, signal: AbortSignal): Promise<void> {
    return this.#run(signal, (target, joined) => this.#options.transfer.remove(target, remoteName, joined));
  }

  async #run<T>(
    signal: AbortSignal,
    work: (target: PrinterTarget, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const life = this.#life;
    if (life === null) throw new DriverError('aborted', 'The session with this printer is stopped.');
    const target = this.#options.target();
    if (target.trust === 'tofu' && target.pinnedFingerprint === null) {
      throw new DriverError(
        'certificate',
        "The printer's certificate is not known yet: it is pinned at the first connection, then files can be sent.",
      );
    }
    const joined = new AbortController();
    const abort = (): void => joined.abort();
    for (const source of [signal, life.signal]) {
      if (source.aborted) abort();
      source.addEventListener('abort', abort, { once: true });
    }
    try {
      const waitMs = this.#notBefore - performance.now();
      // An abort ends it early; the work notices.
      if (waitMs > 0) await pause(waitMs, undefined, { signal: joined.signal }).catch(() => undefined);
      return await work(target, joined.signal);
    } catch (error) {
      if (error instanceof DriverError && error.kind === 'unreachable' && this.#options.printing())
        this.#notBefore = performance.now() + this.#options.overloadedPauseMs;
      throw error;
    } finally {
      for (const source of [signal, life.signal]) source.removeEventListener('abort', abort);
    }
  }
}
