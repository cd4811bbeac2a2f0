import { join } from 'node:path';
import { StorageError } from './storage-error.js';

const SHA256 = /^[0-9a-f]{64}$/;

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Where a blob lies below the store's root: two hex digits of folder, the other 62 as name. The only place that
 * makes a path from a hash, and it makes none from anything else.
 * @throws StorageError `bad-hash`
 */
export function blobPath(root: string, sha256: string): string {
  if (!isSha256(sha256)) {
    throw new StorageError(
      'bad-hash',
      `Not a SHA-256 in lower-case hex: ${JSON.stringify(sha256.slice(0, 80))}.`,
    );
  }
  return join(root, 'blobs', sha256.slice(0, 2), sha256.slice(2));
}

/** The hash of a blob found on disk, null for a file that the store did not make. */
export function hashOfBlob(folder: string, name: string): string | null {
  const sha256 = folder + name;
  return folder.length === 2 && isSha256(sha256) ? sha256 : null;
}
