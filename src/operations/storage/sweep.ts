import type { Logger } from 'pino';
import type { Clock } from '../../contract/time.js';
import { timestamp } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import { forgetUnused, referencedHashes } from '../../domain/files.js';
import { systemContext } from '../../domain/stores.js';
import type { FileStore } from '../../storage/file-store.js';

interface Options {
  readonly database: Database;
  readonly files: FileStore;
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uploads that no part took, and bytes that no name points at, go after this long. */
  readonly orphanMs: number;
  /** Ends it between two handfuls of files. */
  readonly signal?: AbortSignal;
}

/** Forgets unused names and deletes the bytes that nothing points at any more. */
export async function sweepFiles(
  options: Options,
): Promise<{ readonly names: number; readonly files: number }> {
  const { database, files, storeId, clock, log, orphanMs, signal } = options;
  const before = timestamp(clock.now() - orphanMs);
  const names = await database.write(systemContext(storeId), (tx) => forgetUnused(tx, before));
  const removed = await files.removeUnreferenced(
    (hashes) => {
      signal?.throwIfAborted();
      return referencedHashes(database.read, hashes);
    },
    orphanMs,
    clock.now(),
  );
  if (names > 0 || removed > 0) log.info({ names, files: removed }, 'unused files removed');
  return { names, files: removed };
}
