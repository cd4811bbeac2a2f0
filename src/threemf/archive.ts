import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { type ArchiveLimits, RATIO_APPLIES_FROM_BYTES } from './archive-limits.js';
import { assertSafeEntryName } from './entry-name.js';
import { SlicedFileError } from './sliced-file-error.js';

/** One file inside the archive, as its directory declares it. */
export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/**
 * A zip archive whose directory has been read and found sane: bounded, unencrypted, without unsafe or repeated
 * names. Contents are only inflated on demand, and counted while they are.
 */
export class Archive {
  readonly entries: ReadonlyMap<string, ArchiveEntry>;

  private constructor(
    private readonly zip: ZipFile,
    private readonly directory: ReadonlyMap<string, Entry>,
    private readonly limits: ArchiveLimits,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.entries = new Map(
      [...directory].map(([name, entry]) => [
        name,
        { name, bytes: entry.uncompressedSize, modifiedAt: entry.getLastModDate() },
      ]),
    );
  }

  /** @throws SlicedFileError; the file system's own error when the file cannot be opened */
  static async open(path: string, limits: ArchiveLimits, signal?: AbortSignal): Promise<Archive> {
    signal?.throwIfAborted();
    const startsLikeZip = await hasZipSignature(path);
    const zip = await openZip(path, startsLikeZip);
    // Failures reach us through the calls that meet them; an event without a listener would end the process.
    zip.on('error', () => undefined);
    try {
      if (zip.entryCount > limits.entries) {
        throw tooLarge(`holds ${zip.entryCount} entries, more than the ${limits.entries} allowed`);
      }
      return new Archive(zip, await readDirectory(zip, limits, signal), limits, signal);
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  close(): void {
    this.zip.close();
  }

  has(name: string): boolean {
    return this.directory.has(name);
  }

  /**
   * The whole entry, its CRC checked.
   * @throws SlicedFileError `too-large` above `limits.entryBytes`, `malformed` when there is no such entry
   */
  async read(name: string): Promise<Buffer> {
    const entry = this.entry(name);
    if (entry.uncompressedSize > this.limits.entryBytes) {
      throw tooLarge(
        `holds ${name} of ${entry.uncompressedSize} bytes; at most ${this.limits.entryBytes} are read`,
      );
    }
    const chunks: Buffer[] = [];
    for await (const chunk of this.chunks(name)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The entry's first bytes, at most `bytes` of them; the rest is neither inflated nor checked. */
  async head(name: string, bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.chunks(name)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) break;
    }
    return Buffer.concat(chunks).subarray(0, bytes);
  }

  /** Inflates the entry piece by piece. Ends with an error if length or CRC are not what the directory says. */
  async *chunks(name: string): AsyncGenerator<Buffer> {
    const entry = this.entry(name);
    const stream = await this.openStream(entry, name);
    let length = 0;
    let checksum = 0;
    try {
      for await (const piece of stream) {
        this.signal?.throwIfAborted();
        const chunk: Buffer = piece;
        length += chunk.length;
        if (length > entry.uncompressedSize) {
          throw tooLarge(
            `holds ${name}, which inflates to more than the ${entry.uncompressedSize} bytes it declares`,
          );
        }
        checksum = crc32(chunk, checksum);
        yield chunk;
      }
    } catch (error) {
      throw this.signal?.aborted === true ? error : asSlicedFileError(error, name);
    } finally {
      stream.destroy();
    }
    if (length < entry.uncompressedSize) {
      throw new SlicedFileError(
        'truncated',
        `${name} in the archive ends after ${length} of ${entry.uncompressedSize} bytes.`,
      );
    }
    if (checksum !== entry.crc32) {
      throw new SlicedFileError(
        'malformed',
        `${name} in the archive is damaged: its checksum does not match.`,
      );
    }
  }

  private entry(name: string): Entry {
    const entry = this.directory.get(name);
    if (entry === undefined) throw new SlicedFileError('malformed', `The archive holds no ${name}.`);
    return entry;
  }

  private openStream(entry: Entry, name: string): Promise<Readable> {
    return new Promise((resolve, reject) => {
      this.zip.openReadStream(entry, (error, stream) => {
        if (error === null) resolve(stream);
        else reject(asSlicedFileError(error, name));
      });
    });
  }
}

async function hasZipSignature(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1').startsWith('PK');
  } finally {
    await file.close();
  }
}

function openZip(path: string, startsLikeZip: boolean): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false };
  return new Promise((resolve, reject) => {
    yauzl.open(path, options, (error, zip) => {
      if (error === null) resolve(zip);
      else if (startsLikeZip) reject(truncatedArchive(error));
      else
        reject(
          new SlicedFileError('not-a-zip', 'The file is not a 3mf: it is no zip archive.', { cause: error }),
        );
    });
  });
}

async function readDirectory(
  zip: ZipFile,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<Map<string, Entry>> {
  const directory = new Map<string, Entry>();
  let unpacked = 0;
  let packed = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const name = yauzl.getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        true,
      );
      assertSafeEntryName(name);
      if (entry.isEncrypted()) throw encrypted(name);
      if (directory.has(name)) {
        throw new SlicedFileError('malformed', `The archive holds ${name} twice.`);
      }
      assertRatio(name, entry.uncompressedSize, entry.compressedSize, limits);
      unpacked += entry.uncompressedSize;
      packed += entry.compressedSize;
      if (unpacked > limits.totalBytes) {
        throw tooLarge(`unpacks to more than the ${limits.totalBytes} bytes allowed`);
      }
      directory.set(name, entry);
    }
  } catch (error) {
    if (error instanceof SlicedFileError || signal?.aborted === true) throw error;
    if (error instanceof Error && /encryption/.test(error.message)) throw encrypted('an entry', error);
    throw truncatedArchive(error);
  }
  assertRatio('the archive', unpacked, packed, limits);
  return directory;
}

function assertRatio(what: string, unpacked: number, packed: number, limits: ArchiveLimits): void {
  if (unpacked < RATIO_APPLIES_FROM_BYTES || unpacked <= packed * limits.ratio) return;
  throw tooLarge(`claims that ${what} unpacks from ${packed} to ${unpacked} bytes; no sliced file does`);
}

function tooLarge(fault: string): SlicedFileError {
  return new SlicedFileError('too-large', `The archive ${fault}.`);
}

function encrypted(name: string, cause?: unknown): SlicedFileError {
  return new SlicedFileError(
    'encrypted',
    `The archive is encrypted (${name}); export it without a password.`,
    {
      cause,
    },
  );
}

function truncatedArchive(cause: unknown): SlicedFileError {
  return new SlicedFileError('truncated', 'The archive is cut short or damaged; upload the file again.', {
    cause,
  });
}

function asSlicedFileError(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof SlicedFileError || error.name === 'AbortError')
    return error;
  if (/unsupported compression/.test(error.message)) {
    return new SlicedFileError('malformed', `${name} uses a compression that no slicer uses.`, {
      cause: error,
    });
  }
  return new SlicedFileError('truncated', `${name} in the archive is cut short or damaged.`, {
    cause: error,
  });
}
