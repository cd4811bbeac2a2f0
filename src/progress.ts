import type { Database } from './database/database.js';
import type { DispatchRunner } from './dispatch/runner.js';

/** The runner looks at its dispatches every second; this much silence, in milliseconds, is no delay any more. */
export const TICK_LATE_MS = 5_000;

export interface ProgressOptions {
  readonly database: Database;
  readonly storeId: string;
  readonly runner: Pick<DispatchRunner, 'sinceTickMs'>;
}

/**
 * Proves that the daemon gets on: its database answers and its dispatches are looked after. The read waits its turn
 * behind any transaction, so that one that never ends is found, too.
 *
 * @throws Error naming what stands still
 */
export async function proveProgress({ database, storeId, runner }: ProgressOptions): Promise<void> {
  const store = await database.read
    .selectFrom('store')
    .select('id')
    .where('id', '=', storeId)
    .executeTakeFirst();
  if (!store) throw new Error('the database does not know its own store any more');
  const late = runner.sinceTickMs;
  if (late > TICK_LATE_MS) {
    throw new Error(`nobody has looked after the dispatches for ${Math.round(late / 1000)} s`);
  }
}
