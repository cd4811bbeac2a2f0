import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { StorageError } from './storage-error.js';

export interface WrittenStream {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Copies a stream into an open file at the speed of the disk, hashing on the way. On failure the stream is left
 * paused, not destroyed, so that an HTTP answer can still be given on its connection.
 * @throws StorageError `too-large`, `incomplete`, `no-space`; the signal's reason; the stream's own error
 */
export async function writeStream(
  stream: Readable,
  file: FileHandle,
  limits: { maxBytes: number; expectedBytes: number | undefined; signal: AbortSignal | undefined },
): Promise<WrittenStream> {
  limits.signal?.throwIfAborted();
  if (limits.signal !== undefined) addAbortSignal(limits.signal, stream);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false })) {
      const chunk: Buffer = Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
      bytes += chunk.length;
      if (bytes > limits.maxBytes) throw tooLarge(limits.maxBytes);
      hash.update(chunk);
      await writeAll(file, chunk);
    }
  } catch (error) {
    limits.signal?.throwIfAborted();
    throw asStorageError(error);
  }
  if (limits.expectedBytes !== undefined && bytes !== limits.expectedBytes) {
    throw new StorageError(
      'incomplete',
      `The upload ended after ${bytes} of ${limits.expectedBytes} bytes; send the whole file again.`,
    );
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await file.write(chunk, done);
    done += bytesWritten;
  }
}

export function tooLarge(maxBytes: number): StorageError {
  return new StorageError('too-large', `The file is larger than the ${maxBytes} bytes allowed.`);
}

/** A full disk in the store's words; every other error as it is. */
export function asStorageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError('no-space', 'The disk of the daemon is full; free some space and try again.', {
      cause: error,
    });
  }
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') {
    return new StorageError('incomplete', 'The connection was cut before the whole file had arrived.', {
      cause: error,
    });
  }
  return error;
}
