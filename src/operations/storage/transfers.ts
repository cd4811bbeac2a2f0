import type { Readable } from 'node:stream';
import { ApiError } from '../../contract/errors.js';
import { alreadyUsed, completeUpload, fileByUri } from '../../domain/files.js';
import { systemContext } from '../../domain/stores.js';
import type { ByteRange } from '../../storage/range.js';
import type { Deps } from '../deps.js';
import { storeOf } from '../file-urls.js';

/** Sending and fetching files by signed address: what stands behind the storage routes. */
export function fileTransfers({
  database,
  files,
  urls,
  clock,
}: Pick<Deps, 'database' | 'files' | 'urls' | 'clock'>) {
  const receiving = new Set<string>();

  function check(method: string, uri: string, token: string): void {
    const verdict = urls.check(method, uri, token, clock.now());
    if (verdict.valid) return;
    throw verdict.reason === 'expired'
      ? new ApiError('forbidden', 'This address has expired; ask for a new one')
      : new ApiError('forbidden', 'This address is not one that was given out');
  }

  const rowOf = (uri: string) => database.write(systemContext(storeOf(uri)), (tx) => fileByUri(tx, uri));

  return {
    async receive(
      uri: string,
      token: string,
      bytes: Readable,
      expectedBytes: number | undefined,
      signal: AbortSignal,
    ): Promise<void> {
      check('PUT', uri, token);
      const row = await rowOf(uri);
      if (!row) throw new ApiError('not_found', 'This upload address is not known; ask for a new one');
      if (row.sha256 !== null || receiving.has(uri)) throw alreadyUsed();
      receiving.add(uri);
      try {
        const options = { signal, ...(expectedBytes === undefined ? {} : { expectedBytes }) };
        const stored = await files.write(bytes, options);
        await database.write(systemContext(storeOf(uri)), (tx) => completeUpload(tx, uri, stored));
      } finally {
        receiving.delete(uri);
      }
    },

    async find(method: string, uri: string, token: string): Promise<{ sha256: string; bytes: number }> {
      check(method, uri, token);
      const row = await rowOf(uri);
      if (!row?.sha256) throw new ApiError('not_found', 'The file does not exist any more');
      return { sha256: row.sha256, bytes: row.bytes ?? 0 };
    },

    open: (sha256: string, range: ByteRange | undefined) => files.open(sha256, range),
  };
}
