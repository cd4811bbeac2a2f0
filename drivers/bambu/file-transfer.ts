import type { PrinterTarget, UploadRequest, UploadResult } from '../driver.js';

/**
 * Moves files to and from a printer's root folder. One instance serves every session of a driver, because the
 * number of simultaneous transfers is bounded over all printers; transfers to one printer follow one another.
 *
 * Every method rejects with a `DriverError`, with kind `aborted` when its signal fires.
 */
export interface FileTransfer {
  /** Sends a file and proves by its size that it arrived whole. @throws DriverError */
  upload(target: PrinterTarget, request: UploadRequest): Promise<UploadResult>;
  /** Bytes of a file in the root folder, null when it is not there. @throws DriverError */
  remoteSize(target: PrinterTarget, remoteName: string, signal: AbortSignal): Promise<number | null>;
  /** Deletes a file from the root folder; a missing file is success. @throws DriverError */
  remove(target: PrinterTarget, remoteName: string, signal: AbortSignal): Promise<void>;
  /** Logs in and looks around: entries of the root folder, and free bytes where the printer tells. @throws DriverError */
  look(
    target: PrinterTarget,
    signal: AbortSignal,
  ): Promise<{ readonly files: number; readonly freeBytes: number | null }>;
  /** Aborts what is under way and refuses what comes later. */
  close(): Promise<void>;
}
