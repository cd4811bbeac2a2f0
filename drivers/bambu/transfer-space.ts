import { DriverError, type PrinterTarget, type UploadRequest } from '../driver.js';
import type { FtpSession } from './transfer-session.js';

/** Replies that a full card may be behind, whatever they say; null stands for a file that arrived too short. */
const PERHAPS_FULL: ReadonlySet<string | null> = new Set([null, '452', '552', '553']);

/** What printers tell of the room on their cards; most tell nothing (docs/protocol.md §8.3). */
export class CardSpace {
  /** Printers that do not answer, or that break off at the question: they are not asked again. */
  private readonly silent = new Set<string>();

  /** @throws DriverError `storage-full` when the printer says that the file has no room, else when the session is lost */
  async assertRoom(session: FtpSession, { serial }: PrinterTarget, request: UploadRequest): Promise<void> {
    const free = await this.free(session, serial);
    if (free === null || free >= request.sizeBytes) return;
    throw new DriverError(
      'storage-full',
      `${request.remoteName} needs ${megabytes(request.sizeBytes)}, the printer's storage has ${megabytes(free)} ` +
        'free; delete files on the printer.',
    );
  }

  /**
   * Looks for a full card behind a refusal or a file that is too short, and puts what is known of the room into the
   * message. Whatever goes wrong on the way, the refusal itself stays.
   */
  async explain(
    session: FtpSession,
    { serial }: PrinterTarget,
    error: DriverError,
    neededBytes: number,
  ): Promise<DriverError> {
    if (!PERHAPS_FULL.has(error.code)) return error;
    try {
      const free = await this.free(session, serial);
      const known =
        free === null
          ? `the files on it take ${megabytes(await session.usedBytes())}`
          : `${megabytes(free)} are free`;
      const kind = free !== null && free < neededBytes ? 'storage-full' : error.kind;
      const code = error.code === null ? {} : { code: error.code };
      return new DriverError(kind, `${error.message} Of its storage ${known}.`, { cause: error, ...code });
    } catch {
      return error;
    }
  }

  private async free(session: FtpSession, serial: string): Promise<number | null> {
    if (this.silent.has(serial)) return null;
    let free: number | null = null;
    try {
      free = await session.freeBytes();
    } finally {
      if (free === null) this.silent.add(serial);
    }
    return free;
  }
}

/** For a printer that confirmed a file and holds another number of bytes. */
export function tooShort(request: UploadRequest, heldBytes: number | null): DriverError {
  return new DriverError(
    'storage',
    `The printer confirmed ${request.remoteName}, but holds ${heldBytes ?? 'none'} of its ${request.sizeBytes} bytes; ` +
      'is its storage full or its card failing?',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
