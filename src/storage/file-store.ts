import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { blobPath, hashOfBlob } from './blob-path.js';
import type { ByteRange } from './range.js';
import { StorageError } from './storage-error.js';
import { asStorageError, tooLarge, type WrittenStream, writeStream } from './write-stream.js';

export type StoredFile = WrittenStream;

export interface OpenedFile {
  /** Closes the file when it ends or is destroyed. */
  readonly stream: Readable;
  /** Bytes the stream will give. */
  readonly bytes: number;
  /** Bytes of the whole file. */
  readonly totalBytes: number;
}

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Below the store's own limit. */
  readonly maxBytes?: number;
  /** What the sender announced; any other number is an error. */
  readonly expectedBytes?: number;
}

/** Says which of the given hashes are still wanted. */
export type ReferenceCheck = (sha256s: string[]) => Promise<Set<string>>;

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Hashes asked about at once. */
const REFERENCE_BATCH = 500;

/**
 * Files by their content: the SHA-256 is the only name, equal contents are kept once. A file is either there
 * whole or not there, also after a power cut.
 */
export class FileStore {
  private readonly root: string;
  private readonly maxFileBytes: number;
  private last: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly root: string; readonly maxFileBytes: number }) {
    this.root = options.root;
    this.maxFileBytes = options.maxFileBytes;
  }

  /** Makes the folders, for the owner alone, and removes what an earlier run left half-written. */
  async start(): Promise<void> {
    await mkdir(join(this.root, 'blobs'), { recursive: true, mode: FOLDER_MODE });
    await rm(this.temporaryFolder, { recursive: true, force: true });
    await mkdir(this.temporaryFolder, { mode: FOLDER_MODE });
  }

  /**
   * Stores a stream. Nothing is left behind on failure, and the stream is then left paused for the caller.
   * @throws StorageError `too-large`, `incomplete`, `no-space`; the signal's reason; the stream's own error
   */
  async write(stream: Readable, options: WriteOptions = {}): Promise<StoredFile> {
    const maxBytes = Math.min(options.maxBytes ?? this.maxFileBytes, this.maxFileBytes);
    if (options.expectedBytes !== undefined && options.expectedBytes > maxBytes) throw tooLarge(maxBytes);
    const temporary = join(this.temporaryFolder, randomUUID());
    try {
      const file = await open(temporary, 'wx', FILE_MODE);
      const stored = await filled(file, stream, maxBytes, options);
      await this.exclusive(() => this.keep(temporary, stored));
      return stored;
    } catch (error) {
      await rm(temporary, { force: true });
      throw asStorageError(error);
    }
  }

  /** Where the file lies, whether or not it is there. @throws StorageError `bad-hash` */
  path(sha256: string): string {
    return blobPath(this.root, sha256);
  }

  /** @throws StorageError `bad-hash` */
  async has(sha256: string): Promise<boolean> {
    return (await statOrNull(this.path(sha256)))?.isFile() ?? false;
  }

  /**
   * Opens a file, or a part of it, for reading.
   * @throws StorageError `not-found`, `bad-range`, `bad-hash`
   */
  async open(sha256: string, range?: ByteRange): Promise<OpenedFile> {
    const path = this.path(sha256);
    const file = await openOrNull(path);
    if (file === null) throw new StorageError('not-found', `There is no stored file ${sha256}.`);
    try {
      const totalBytes = (await file.stat()).size;
      if (range === undefined) return { stream: file.createReadStream(), bytes: totalBytes, totalBytes };
      if (range.start < 0 || range.start > range.end || range.end >= totalBytes) {
        throw new StorageError('bad-range', `The range lies outside the file's ${totalBytes} bytes.`);
      }
      const stream = file.createReadStream({ start: range.start, end: range.end });
      return { stream, bytes: range.end - range.start + 1, totalBytes };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A file that is not there is no error. @throws StorageError `bad-hash` */
  async remove(sha256: string): Promise<void> {
    await rm(this.path(sha256), { force: true });
  }

  /**
   * Removes files that nothing refers to. Young ones are kept: their reference may be about to be written.
   * Files that the store did not make are left alone.
   * @param olderThanMs age from which an unreferenced file goes
   * @param now epoch milliseconds
   * @returns how many were removed
   */
  async removeUnreferenced(isReferenced: ReferenceCheck, olderThanMs: number, now: number): Promise<number> {
    const isOld = async (sha256: string) => {
      const modified = (await statOrNull(this.path(sha256)))?.mtimeMs ?? Number.POSITIVE_INFINITY;
      return modified <= now - olderThanMs;
    };
    let removed = 0;
    for await (const batch of this.batches(isOld)) {
      const wanted = await isReferenced([...batch]);
      for (const sha256 of batch) {
        if (wanted.has(sha256)) continue;
        // Looked at again with writers shut out: the same content may have been stored anew in the meantime.
        const gone = await this.exclusive(async () => {
          if (!(await isOld(sha256))) return false;
          await this.remove(sha256);
          return true;
        });
        if (gone) removed++;
      }
    }
    return removed;
  }

  private get temporaryFolder(): string {
    return join(this.root, 'tmp');
  }

  /** Gives the finished file its name, or drops it for the equal one that is there already. */
  private async keep(temporary: string, stored: StoredFile): Promise<void> {
    const path = this.path(stored.sha256);
    if ((await statOrNull(path))?.size === stored.bytes) {
      // Young again, so that the next clean-up does not take it before it is referred to.
      const now = new Date();
      await utimes(path, now, now);
      await unlink(temporary);
      return;
    }
    const folder = dirname(path);
    const made = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    await rename(temporary, path);
    await syncFolder(folder);
    if (made !== undefined) await syncFolder(dirname(folder));
  }

  private async *batches(isCandidate: (sha256: string) => Promise<boolean>): AsyncGenerator<string[]> {
    let batch: string[] = [];
    for (const folder of await readdir(join(this.root, 'blobs'), { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      for (const name of await readdir(join(this.root, 'blobs', folder.name))) {
        const sha256 = hashOfBlob(folder.name, name);
        if (sha256 === null || !(await isCandidate(sha256))) continue;
        batch.push(sha256);
        if (batch.length < REFERENCE_BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }

  /** Runs one after the other what must not interleave: giving names and taking them away. */
  private exclusive<T>(run: () => Promise<T>): Promise<T> {
    const result = this.last.then(run);
    // The next one waits for the end of this, not for its success; the caller has the error.
    this.last = result.catch(() => undefined);
    return result;
  }
}

async function filled(
  file: FileHandle,
  stream: Readable,
  maxBytes: number,
  options: WriteOptions,
): Promise<StoredFile> {
  try {
    const { expectedBytes, signal } = options;
    const stored = await writeStream(stream, file, { maxBytes, expectedBytes, signal });
    await file.sync();
    return stored;
  } finally {
    await file.close();
  }
}

/** A rename is durable only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
