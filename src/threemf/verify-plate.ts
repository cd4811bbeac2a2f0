import { createHash } from 'node:crypto';
import { Archive } from './archive.js';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './archive-limits.js';
import { gcodeEntry, platesWithGcode, readMd5 } from './plate-gcode.js';
import { SlicedFileError } from './sliced-file-error.js';

/**
 * Inflates one plate's G-code to the end and checks it against its CRC and, where the file has one, its MD5.
 * Memory stays flat whatever the size.
 * @throws SlicedFileError `bad-plate` when the plate is missing or damaged, `not-sliced` when there is no G-code
 */
export async function verifyPlate(
  path: string,
  plateIndex: number,
  options: { readonly signal?: AbortSignal; readonly limits?: ArchiveLimits } = {},
): Promise<void> {
  const archive = await Archive.open(path, options.limits ?? DEFAULT_ARCHIVE_LIMITS, options.signal);
  try {
    assertPresent(archive, plateIndex);
    const expected = await readMd5(archive, plateIndex);
    const actual = await md5Of(archive, plateIndex);
    if (expected !== null && actual !== expected) {
      throw damaged(plateIndex, 'its G-code does not match the MD5 stored beside it');
    }
  } finally {
    archive.close();
  }
}

function assertPresent(archive: Archive, plateIndex: number): void {
  if (archive.has(gcodeEntry(plateIndex))) return;
  throw platesWithGcode(archive).length > 0
    ? new SlicedFileError('bad-plate', `The file holds no sliced plate ${plateIndex}.`)
    : new SlicedFileError('not-sliced', 'The file was never sliced: it holds no G-code.');
}

async function md5Of(archive: Archive, plateIndex: number): Promise<string> {
  const hash = createHash('md5');
  try {
    for await (const chunk of archive.chunks(gcodeEntry(plateIndex))) hash.update(chunk);
  } catch (error) {
    if (error instanceof SlicedFileError && (error.code === 'truncated' || error.code === 'malformed')) {
      throw damaged(plateIndex, 'its G-code is cut short or does not match its checksum', error);
    }
    throw error;
  }
  return hash.digest('hex').toUpperCase();
}

function damaged(plateIndex: number, how: string, cause?: unknown): SlicedFileError {
  return new SlicedFileError('bad-plate', `Plate ${plateIndex} is damaged: ${how}; upload the file again.`, {
    cause,
  });
}
