import type { Database } from '../database/database.js';
import { rowNumber } from '../database/row-order.js';
import { type FailureLimit, type NoticeOutcome, settleNotices } from '../domain/notice-outcomes.js';
import { systemContext } from '../domain/stores.js';

export interface WaitingNotice {
  /** Where it stands in the order. */
  readonly row: number;
  readonly id: string;
  readonly eventId: string;
  readonly event: string;
  readonly body: string;
}

/** The notices that wait for one channel, and what becomes of them. */
export interface Outbox {
  /** The first that wait behind a row. */
  next(after: number, most: number): Promise<readonly WaitingNotice[]>;
  /** Writes down what came of some; answers why the channel was switched off, or null. */
  settle(outcomes: readonly NoticeOutcome[]): Promise<string | null>;
}

export function outboxOf(
  database: Database,
  storeId: string,
  settingId: string,
  limit: () => FailureLimit,
): Outbox {
  return {
    next: (after, most) =>
      database.read
        .selectFrom('notice')
        .select([rowNumber('notice').as('row'), 'id', 'eventId', 'event', 'body'])
        .where('settingId', '=', settingId)
        .where('status', '=', 'waiting')
        .where('settledAt', 'is', null)
        .where(rowNumber('notice'), '>', after)
        .orderBy(rowNumber('notice'))
        .limit(most)
        .execute(),
    settle: (outcomes) =>
      database.write(systemContext(storeId), (tx) => settleNotices(tx, settingId, outcomes, limit())),
  };
}
