import type { Clock } from '../../contract/time.js';
import { timestamp } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import { systemContext } from '../../domain/stores.js';

interface Options {
  readonly database: Database;
  readonly storeId: string;
  readonly clock: Clock;
  /** How long entries are kept. */
  readonly retentionDays: number;
  /** Ends it between two batches. */
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;
/** Few enough that nobody waits for the writer. */
const BATCH = 500;

/**
 * Forgets entries of the audit log that are older than they are kept. A day's worth goes at a time, so that most calls
 * write nothing.
 *
 * @returns how many went
 */
export async function pruneAudit(options: Options): Promise<number> {
  const { database, storeId, clock, retentionDays, signal } = options;
  const keptFrom = clock.now() - retentionDays * DAY_MS;
  const oldest = await database.read
    .selectFrom('auditLog')
    .select('createdAt')
    .where('storeId', '=', storeId)
    .orderBy('createdAt')
    .limit(1)
    .executeTakeFirst();
  if (!oldest || Date.parse(oldest.createdAt) > keptFrom - DAY_MS) return 0;
  let total = 0;
  for (;;) {
    signal?.throwIfAborted();
    const gone = await database.write(systemContext(storeId), (tx) =>
      tx.db
        .deleteFrom('auditLog')
        .where('id', 'in', (old) =>
          old
            .selectFrom('auditLog')
            .select('id')
            .where('storeId', '=', storeId)
            .where('createdAt', '<', timestamp(keptFrom))
            .orderBy('createdAt')
            .limit(BATCH),
        )
        .executeTakeFirst(),
    );
    const deleted = Number(gone.numDeletedRows);
    total += deleted;
    if (deleted < BATCH) return total;
  }
}
