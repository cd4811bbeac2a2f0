import { DriverError, type PrinterTarget, type UploadRequest, type UploadResult } from '../driver.js';
import type { FileTransfer } from './file-transfer.js';

/** The file transfers of one session: they go to its present target and end with it. */
export class SessionTransfers {
  readonly #transfer: FileTransfer;
  readonly #target: () => PrinterTarget;
  #life: AbortController | null = null;

  constructor(transfer: FileTransfer, target: () => PrinterTarget) {
    this.#transfer = transfer;
    this.#target = target;
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
      this.#transfer.upload(target, { ...request, signal }),
    );
  }

  remoteSize(remoteName: string, signal: AbortSignal): Promise<number | null> {
    return this.#run(signal, (target, joined) => this.#transfer.remoteSize(target, remoteName, joined));
  }

  remove(remoteName: string, signal: AbortSignal): Promise<void> {
    return this.#run(signal, (target, joined) => this.#transfer.remove(target, remoteName, joined));
  }

  async #run<T>(
    signal: AbortSignal,
    work: (target: PrinterTarget, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const life = this.#life;
    if (life === null) throw new DriverError('aborted', 'The session with this printer is stopped.');
    const target = this.#target();
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
      return await work(target, joined.signal);
    } finally {
      for (const source of [signal, life.signal]) source.removeEventListener('abort', abort);
    }
  }
}
