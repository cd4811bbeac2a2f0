import { Readable } from 'node:stream';
import { ApiError } from '../../contract/errors.js';
import type { FileStore } from '../../storage/file-store.js';
import { readEntry } from '../../threemf/read-entry.js';
import { readSlicedFile } from '../../threemf/read-sliced-file.js';
import type { SlicedFile } from '../../threemf/sliced-file.js';
import { SlicedFileError } from '../../threemf/sliced-file-error.js';
import { verifyPlate } from '../../threemf/verify-plate.js';

/** A picture of a plate, already in the store. */
export interface PlatePicture {
  readonly plateId: number;
  readonly fileName: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface ReadUpload {
  readonly file: SlicedFile;
  readonly pictures: readonly PlatePicture[];
}

const MAX_PICTURE_BYTES = 8 * 1024 * 1024;

/**
 * Reads an uploaded 3mf and puts the pictures of its plates into the store. Each plate's G-code is inflated once and
 * held against its checksum, so that a broken file is refused here and not by a printer.
 *
 * @throws ApiError unsupported_file with what is wrong
 */
export async function readUpload(files: FileStore, sha256: string, signal: AbortSignal): Promise<ReadUpload> {
  const path = files.path(sha256);
  try {
    const file = await readSlicedFile(path, { signal });
    const pictures: PlatePicture[] = [];
    for (const plate of file.plates) {
      await verifyPlate(path, plate.index);
      if (plate.thumbnailFile === null) continue;
      const image = await readEntry(path, plate.thumbnailFile);
      const stored = await files.write(Readable.from([image]), { signal, maxBytes: MAX_PICTURE_BYTES });
      // Named by what it shows, so that a picture kept by a browser or an older job never turns into another.
      const fileName = `plate_${plate.index}-${stored.sha256.slice(0, 16)}.png`;
      pictures.push({ plateId: plate.index, fileName, ...stored });
    }
    return { file, pictures };
  } catch (error) {
    if (error instanceof SlicedFileError) {
      throw new ApiError('unsupported_file', `The file cannot be read: ${error.message}`, {
        reason: error.code,
      });
    }
    throw error;
  }
}
