import { type Clock, type Timestamp, timestamp } from '../../contract/time.js';
import type { Database } from '../../database/database.js';
import type { Transaction } from '../../database/transaction.js';
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
  const context = systemContext(storeId);
  return database.writeInPortions(context, BATCH, (tx) => forgetBefore(tx, timestamp(keptFrom)), signal);
}

async function forgetBefore({ db, context }: Transaction, keptFrom: Timestamp): Promise<number> {
  const gone = await db
    .deleteFrom('auditLog')
    .where('id', 'in', (old) =>
      old
        .selectFrom('auditLog')
        .select('id')
        .where('storeId', '=', context.storeId)
        .where('createdAt', '<', keptFrom)
        .orderBy('createdAt')
        .limit(BATCH),
    )
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}
