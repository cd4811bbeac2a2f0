import type { Database } from '../database/database.js';
import { dropWaiting } from '../domain/notice-outcomes.js';
import { systemContext } from '../domain/stores.js';

/** How much may wait for one channel. */
export interface OutboxLimit {
  readonly rows: number;
}

export const OUTBOX_LIMIT: OutboxLimit = { rows: 100_000 };

/** Few enough that nobody waits for the writer. */
const BATCH = 500;

export async function waitingOf(database: Database, settingId: string): Promise<number> {
  const { waiting } = await database.read
    .selectFrom('notice')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('settingId', '=', settingId)
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow();
  return waiting;
}

/** Drops what waits for a channel and was written before a time, not what is told once it is on again. @returns how many went */
export async function dropAll(
  database: Database,
  storeId: string,
  settingId: string,
  { error, before }: { readonly error: string; readonly before: string },
): Promise<number> {
  let total = 0;
  for (;;) {
    const dropped = await database.write(systemContext(storeId), (tx) =>
      dropWaiting(tx, settingId, { error, before, most: BATCH }),
    );
    total += dropped;
    if (dropped < BATCH) return total;
  }
}
