import type { Database } from '../../database/database.js';
import { NOTICE_CHANNELS } from '../../resources/notification-setting.js';
import type { NotificationDesk } from '../../telemetry/control-notifications.js';
import { ControlError } from '../../telemetry/control-protocol.js';
import type { NoticeDesk } from './notice-desk.js';
import { channelReports, deliveries } from './notice-log.js';

interface Options {
  readonly database: Database;
  readonly storeId: string;
  readonly notices: NoticeDesk;
}

/** What the command line is told of notifications. */
export function notificationDesk({ database, storeId, notices }: Options): NotificationDesk {
  const sources = { read: database.read, storeId, notices };
  return {
    list: () => channelReports(sources),
    log: ({ limit, channel }) =>
      deliveries(sources, { limit, before: null, channel: knownChannel(channel), status: null }),
    async test(channel, signal) {
      const found = (await channelReports(sources)).find((one) => one.channel === channel);
      if (!found)
        throw new ControlError(
          'not-found',
          `the channel ${channel} was never set up; POST /v1/settings/notifications does that`,
        );
      return notices.test(found.id, signal);
    },
  };
}

/** @throws ControlError invalid */
function knownChannel(given: string | null): (typeof NOTICE_CHANNELS)[number] | null {
  if (given === null) return null;
  const known = NOTICE_CHANNELS.find((channel) => channel === given);
  if (!known)
    throw new ControlError(
      'invalid',
      `there is no channel ${given}; there are ${NOTICE_CHANNELS.join(', ')}`,
    );
  return known;
}
