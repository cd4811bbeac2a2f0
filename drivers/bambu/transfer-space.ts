import { DriverError, type PrinterTarget, type UploadRequest } from '../driver.js';
import type { FtpSession } from './transfer-session.js';

/**
 * Refuses a file for which the printer says it has no room; most do not say (docs/protocol.md §8.3).
 * @throws DriverError `storage-full`
 */
export async function assertRoom(session: FtpSession, request: UploadRequest): Promise<void> {
  const free = await session.freeBytes();
  if (free === null || free >= request.sizeBytes) return;
  throw new DriverError(
    'storage-full',
    `${request.remoteName} needs ${megabytes(request.sizeBytes)}, the printer's storage has ${megabytes(free)} free; ` +
      'delete files on the printer.',
  );
}

/** Replies that a full card may be behind, whatever they say; the empty one stands for a file that arrived too short. */
const PERHAPS_FULL: ReadonlySet<string> = new Set(['', '452', '552', '553']);

/**
 * Looks for a full card behind a refusal or a file that is too short, and puts what is known of the room into the
 * message. Whatever goes wrong on the way, the refusal itself stays.
 */
export async function explainBySpace(
  session: FtpSession,
  error: DriverError,
  neededBytes: number,
): Promise<DriverError> {
  if (!PERHAPS_FULL.has(error.code ?? '')) return error;
  try {
    const free = await session.freeBytes();
    const kind = free !== null && free < neededBytes ? 'storage-full' : error.kind;
    const known =
      free === null
        ? `the files on it take ${megabytes(await session.usedBytes())}`
        : `${megabytes(free)} are free`;
    const code = error.code === null ? {} : { code: error.code };
    return new DriverError(kind, `${error.message} Of its storage ${known}.`, {
      cause: error.cause,
      ...code,
    });
  } catch {
    return error;
  }
}

/** The session's own words for a printer that confirmed a file and holds less of it. */
export function tooShort(target: PrinterTarget, request: UploadRequest, held: number | null): DriverError {
  return new DriverError(
    'storage',
    `${target.serial} confirmed ${request.remoteName}, but holds ${held ?? 'none'} of its ${request.sizeBytes} bytes; ` +
      'is its storage full or its card failing?',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
