import { newId } from '../contract/ids.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { notificationSetting } from '../resources/index.js';
import type { NoticeChannel } from '../resources/notification-setting.js';
import type { Row } from '../resources/resource.js';
import { recordAct } from './audit.js';

export type NotificationSetting = Row<typeof notificationSetting>;

/** Switches a channel on, with new data in the place of what it had; which events it tells stays. */
export async function enableChannel(
  tx: Transaction,
  channel: NoticeChannel,
  sealed: (settingId: string) => string,
): Promise<NotificationSetting> {
  const { storeId } = tx.context;
  const raw = await tx.db
    .selectFrom('notificationSetting')
    .selectAll()
    .where('storeId', '=', storeId)
    .where('channel', '=', channel)
    .executeTakeFirst();
  const id = raw?.id ?? newId();
  const values = {
    channelData: sealed(id),
    enabled: true,
    disabledReason: null,
    enabledSince: tx.now,
  };
  return raw
    ? tx.update(notificationSetting, decodeRow(notificationSetting, raw).id, values)
    : tx.insert(notificationSetting, { id, storeId, channel, ...values });
}

/** Switches a channel off because somebody wants it off. @throws ApiError not_found */
export function disableChannel(tx: Transaction, id: string): Promise<NotificationSetting> {
  return tx.update(notificationSetting, id, { enabled: false, disabledReason: null });
}

/** Switches a channel off because it cannot go on, and writes down why. Once it is off nothing is done. */
export async function giveUpChannel(tx: Transaction, id: string, reason: string): Promise<boolean> {
  const row = await tx.find(notificationSetting, id);
  if (!row?.enabled) return false;
  await tx.update(notificationSetting, id, { enabled: false, disabledReason: reason });
  await recordAct(tx, {
    entityType: 'NotificationSettings',
    ids: [id],
    action: 'update',
    detailedAction: 'notificationSetting.disabledByItself',
    changes: [{ field: 'enabled', oldValue: true, newValue: false }],
    metadata: { channel: row.channel, reason },
  });
  return true;
}
