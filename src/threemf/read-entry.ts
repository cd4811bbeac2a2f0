import { Archive } from './archive.js';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './archive-limits.js';

/**
 * One entry's contents, such as a plate's thumbnail.
 * @throws SlicedFileError `malformed` when the archive has no such entry, `too-large` above `limits.entryBytes`
 */
export async function readEntry(
  path: string,
  entryName: string,
  limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
): Promise<Buffer> {
  const archive = await Archive.open(path, limits);
  try {
    return await archive.read(entryName);
  } finally {
    archive.close();
  }
}
