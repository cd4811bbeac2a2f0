import { ApiError, notFound } from '../contract/errors.js';
import type { Database } from '../database/database.js';
import { decodeRow } from '../database/rows.js';
import type { ChannelData } from '../domain/channel-data.js';
import type { NoticeDesk } from '../operations/notifications/notice-desk.js';
import { notificationSetting } from '../resources/index.js';
import type { Notifier } from './notifier.js';
import type { TargetRules } from './targets.js';

interface Options {
  readonly notifier: Notifier;
  readonly rules: TargetRules;
  readonly database: Database;
  readonly storeId: string;
}

/** What operations and the command line may ask of the notifier. */
export function noticeDesk({ notifier, rules, database, storeId }: Options): NoticeDesk {
  return {
    refusal: (of) => {
      const url = addressOf(of);
      return url === null ? null : rules.refusal(url);
    },
    seal: (settingId, of) => notifier.seal(settingId, of),
    underWay: (settingId) => notifier.underWay(settingId),
    async test(settingId, signal) {
      const raw = await database.read
        .selectFrom('notificationSetting')
        .selectAll()
        .where('storeId', '=', storeId)
        .where('id', '=', settingId)
        .executeTakeFirst();
      if (!raw) throw notFound(notificationSetting.label, settingId);
      const setting = decodeRow(notificationSetting, raw);
      const of = notifier.data(setting);
      if (of === null)
        throw new ApiError(
          'not_configured',
          `The ${setting.channel} channel has no receiver that can be read. Set it up with POST /v1/settings/notifications`,
        );
      const result = await notifier.test(setting, of, signal);
      if (result === null) throw new ApiError('unavailable', 'The test was ended before there was an answer');
      const { delivered, httpStatus, error, durationMs } = result;
      return { channel: setting.channel, delivered, httpStatus, error, durationMs };
    },
  };
}

/** The address that the caller chose; null where the service has one for all. */
function addressOf(of: ChannelData): string | null {
  return 'webhookUrl' in of.data ? of.data.webhookUrl : null;
}
