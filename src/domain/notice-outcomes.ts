import { CompiledQuery } from 'kysely';
import { timestamp } from '../contract/time.js';
import { rowNumber } from '../database/row-order.js';
import type { Transaction } from '../database/transaction.js';
import { notificationSetting } from '../resources/index.js';
import type { NoticeStatus } from '../resources/notice.js';
import { giveUpChannel } from './notification-channels.js';

/** What came of a notice. */
export interface NoticeOutcome {
  readonly id: string;
  readonly status: Exclude<NoticeStatus, 'waiting'>;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly settledAt: number;
  readonly httpStatus: number | null;
  readonly error: string | null;
}

export interface FailureLimit {
  /** Null never switches a channel off. */
  readonly failures: number | null;
  readonly withinMs: number;
}

/** The same text each time: putting it together takes longer than SQLite needs for it. */
const SETTLE =
  `update "notice" set "status" = ?, "attempts" = ?, "httpStatus" = ?, "error" = ?, "settledAt" = ?, "updatedAt" = ?, ` +
  `"body" = '' where "id" = ?`;

/**
 * Writes down what came of notices of one channel, in one go.
 *
 * @returns why the channel was switched off, null when it goes on
 */
export async function settleNotices(
  tx: Transaction,
  settingId: string,
  outcomes: readonly NoticeOutcome[],
  limit: FailureLimit,
): Promise<string | null> {
  for (const { id, status, attempts, settledAt, httpStatus, error } of outcomes) {
    const at = timestamp(settledAt);
    await tx.db.executeQuery(
      CompiledQuery.raw(SETTLE, [status, attempts, httpStatus, error, at, tx.now, id]),
    );
  }
  const last = outcomes.findLast(({ status }) => status === 'failed');
  if (!last || limit.failures === null) return null;
  const row = await tx.find(notificationSetting, settingId);
  const since = timestamp(tx.at - limit.withinMs);
  // A time yet to come is of a clock that was wrong: it would keep every failure from counting until then.
  const enabledSince = row?.enabledSince && row.enabledSince <= tx.now ? row.enabledSince : since;
  const countedFrom = enabledSince > since ? enabledSince : since;
  const { failures } = await tx.db
    .selectFrom('notice')
    .select(({ fn }) => fn.countAll<number>().as('failures'))
    .where('settingId', '=', settingId)
    .where('status', '=', 'failed')
    .where('event', '!=', TEST_EVENT)
    .where('settledAt', '>=', countedFrom)
    .executeTakeFirstOrThrow();
  if (failures < limit.failures) return null;
  const hours = Math.round(limit.withinMs / 3_600_000);
  const reason = `${failures} notices failed within ${hours} h, the last one with: ${last.error ?? 'no reason'}`;
  return (await giveUpChannel(tx, settingId, reason)) ? reason : null;
}

/** Stands in the place of an event where somebody tries a channel. */
export const TEST_EVENT = 'test';

/** Drops the oldest notices that wait for a channel and were written before a time. @returns how many went */
export async function dropWaiting(
  tx: Transaction,
  settingId: string,
  { error, before, most }: { readonly error: string; readonly before: string; readonly most: number },
): Promise<number> {
  const dropped = await tx.db
    .updateTable('notice')
    .set({ status: 'dropped', settledAt: tx.now, updatedAt: tx.now, body: '', error })
    .where('id', 'in', (waiting) => {
      return waiting
        .selectFrom('notice')
        .select('id')
        .where('settingId', '=', settingId)
        .where('status', '=', 'waiting')
        .where('settledAt', 'is', null)
        .where('createdAt', '<', before)
        .orderBy(rowNumber('notice'))
        .limit(most);
    })
    .executeTakeFirst();
  return Number(dropped.numUpdatedRows);
}

/** Forgets notices that were settled before a time. @returns how many went */
export async function forgetSettled(
  tx: Transaction,
  settingId: string,
  status: Exclude<NoticeStatus, 'waiting'>,
  before: string,
  most: number,
): Promise<number> {
  const gone = await tx.db
    .deleteFrom('notice')
    .where('id', 'in', (old) =>
      old
        .selectFrom('notice')
        .select('id')
        .where('settingId', '=', settingId)
        .where('status', '=', status)
        .where('settledAt', '<', before)
        .limit(most),
    )
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}
