import type { Kysely } from 'kysely';
import { timestamp } from '../../contract/time.js';
import { rowNumber } from '../../database/row-order.js';
import type { Tables } from '../../resources/index.js';
import type { NoticeChannel } from '../../resources/notification-setting.js';
import type { NoticeDesk } from './notice-desk.js';

interface Sources {
  readonly read: Kysely<Tables>;
  readonly storeId: string;
  readonly notices: Pick<NoticeDesk, 'underWay'>;
}

/** How each channel fares. */
export async function channelReports({ read, storeId, notices }: Sources) {
  const rows = await read
    .selectFrom('notificationSetting')
    .select(['id', 'channel', 'enabled', 'disabledReason'])
    .where('storeId', '=', storeId)
    .orderBy('createdAt')
    .execute();
  return Promise.all(
    rows.map(async ({ id, channel, enabled, disabledReason }) => {
      const busy = notices.underWay(id);
      return {
        id,
        channel,
        enabled: enabled === 1,
        disabledReason,
        waiting: await waitingOf(read, id),
        lastDeliveredAt: await lastOf(read, id, 'delivered'),
        lastFailedAt: await lastOf(read, id, 'failed'),
        underWay: busy && {
          event: busy.event,
          attempts: busy.attempts,
          nextAttemptAt: busy.nextAttemptAt === null ? null : timestamp(busy.nextAttemptAt),
          error: busy.error,
        },
      };
    }),
  );
}

async function waitingOf(read: Kysely<Tables>, settingId: string): Promise<number> {
  const { waiting } = await read
    .selectFrom('notice')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .where('settingId', '=', settingId)
    .where('status', '=', 'waiting')
    .executeTakeFirstOrThrow();
  return waiting;
}

async function lastOf(
  read: Kysely<Tables>,
  settingId: string,
  status: 'delivered' | 'failed',
): Promise<string | null> {
  const row = await read
    .selectFrom('notice')
    .select('settledAt')
    .where('settingId', '=', settingId)
    .where('status', '=', status)
    .orderBy('settledAt', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.settledAt ?? null;
}

export interface LogPage {
  readonly limit: number;
  /** The last id of the page before; null for the first page. */
  readonly before: string | null;
  readonly channel: NoticeChannel | null;
  readonly status: string | null;
}

/** What was told and what came of it, the newest first. */
export async function deliveries({ read, storeId }: Omit<Sources, 'notices'>, page: LogPage) {
  const { limit, before, channel, status } = page;
  let query = read
    .selectFrom('notice')
    .innerJoin('notificationSetting as setting', 'setting.id', 'notice.settingId')
    .select([
      'notice.id',
      'notice.eventId',
      'notice.event',
      'setting.channel',
      'notice.status',
      'notice.attempts',
      'notice.httpStatus',
      'notice.error',
      'notice.createdAt',
      'notice.settledAt',
    ])
    .where('notice.storeId', '=', storeId)
    .orderBy(rowNumber('notice'), 'desc')
    .limit(limit);
  if (channel !== null) query = query.where('setting.channel', '=', channel);
  if (status !== null) query = query.where('notice.status', '=', status);
  if (before !== null)
    query = query.where(rowNumber('notice'), '<', (of) =>
      of.selectFrom('notice as last').select(rowNumber('last').as('row')).where('last.id', '=', before),
    );
  return query.execute();
}
