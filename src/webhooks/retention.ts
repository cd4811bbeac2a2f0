import type { Logger } from 'pino';
import { type Clock, timestamp } from '../contract/time.js';
import type { Database } from '../database/database.js';
import type { Transaction } from '../database/transaction.js';
import { dropWaiting, forgetSettled } from '../domain/notice-outcomes.js';
import { giveUpChannel } from '../domain/notification-channels.js';
import { systemContext } from '../domain/stores.js';

interface Options {
  readonly database: Database;
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long it is kept what became of notices. */
  readonly logDays: number;
  /** Ends it between two batches. */
  readonly signal: AbortSignal;
}

const DAY_MS = 86_400_000;
/** Nobody wants to be told of what happened longer ago. */
const WAITING_DAYS = 30;
/** Few enough that nobody waits for the writer. */
const BATCH = 500;

/**
 * Forgets what became of notices once that is old, and drops notices that have waited too long. A channel that is on and for
 * which notices wait so long goes off, so that nobody believes it works.
 *
 * @returns how many were forgotten
 */
export async function pruneNotices(options: Options): Promise<number> {
  const { database, storeId, clock, logDays } = options;
  const keptFrom = timestamp(clock.now() - logDays * DAY_MS);
  const settings = await database.read
    .selectFrom('notificationSetting')
    .select(['id', 'channel'])
    .where('storeId', '=', storeId)
    .execute();
  let forgotten = 0;
  for (const { id, channel } of settings) {
    await dropOld(options, id, channel);
    for (const status of ['delivered', 'failed', 'dropped'] as const)
      forgotten += await inBatches(options, (tx) => forgetSettled(tx, id, status, keptFrom, BATCH));
  }
  return forgotten;
}

async function dropOld(options: Options, settingId: string, channel: string): Promise<void> {
  const { database, storeId, clock, log } = options;
  const before = timestamp(clock.now() - WAITING_DAYS * DAY_MS);
  const error = `waited for more than ${WAITING_DAYS} days`;
  const dropped = await inBatches(options, (tx) =>
    dropWaiting(tx, settingId, { error, before, most: BATCH }),
  );
  if (dropped === 0) return;
  const reason = `${dropped} notices ${error} and were dropped`;
  await database.write(systemContext(storeId), (tx) => giveUpChannel(tx, settingId, reason));
  log.error({ channel, dropped }, `notices ${error} and were dropped`);
}

function inBatches(
  { database, storeId, signal }: Options,
  some: (tx: Transaction) => Promise<number>,
): Promise<number> {
  return database.writeInPortions(systemContext(storeId), BATCH, some, signal);
}
