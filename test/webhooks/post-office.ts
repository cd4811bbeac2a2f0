import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../src/contract/time.js';
import { rowNumber } from '../../src/database/row-order.js';
import type { ChannelData } from '../../src/domain/channel-data.js';
import { enableChannel, type NotificationSetting } from '../../src/domain/notification-channels.js';
import { queueNotice } from '../../src/domain/notification-outbox.js';
import { notificationSetting } from '../../src/resources/index.js';
import type { NoticeChannel } from '../../src/resources/notification-setting.js';
import { createLogger } from '../../src/telemetry/log.js';
import { SecretGuard } from '../../src/telemetry/secret-guard.js';
import { SERVICES } from '../../src/webhooks/letters.js';
import { Notifier, type NotifierOptions } from '../../src/webhooks/notifier.js';
import { Poster } from '../../src/webhooks/post.js';
import { TargetRules } from '../../src/webhooks/targets.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

export interface PostOffice {
  readonly farm: TestDatabase;
  readonly notifier: Notifier;
  readonly logLines: string[];
  /** Sets a channel up for orders that are closed. */
  enable(of: ChannelData): Promise<NotificationSetting>;
  /** Tells of closed orders, each in a transaction of its own. */
  tell(...numbers: readonly number[]): Promise<void>;
  /** What the table holds, in order. */
  rows(): Promise<readonly Row[]>;
  setting(
    channel: NoticeChannel,
  ): Promise<Pick<NotificationSetting, 'id' | 'disabledReason'> & { enabled: number }>;
  /** Ends the notifier and begins another on the same database. */
  restart(given?: Partial<NotifierOptions>): Promise<void>;
  stop(): Promise<void>;
}

type Row = { readonly [K in 'body' | 'status' | 'error' | 'eventId' | 'event']: string | null } & {
  readonly attempts: number;
  readonly httpStatus: number | null;
};

/** A notifier on a database of its own that may send to loopback addresses. */
export async function postOffice(
  given: Partial<NotifierOptions> & { readonly clock?: Clock; readonly timeoutMs?: number } = {},
): Promise<PostOffice> {
  const clock = given.clock ?? systemClock;
  const farm = await testDatabase({ clock });
  const key = given.key ?? randomBytes(32);
  const logLines: string[] = [];
  const guard = new SecretGuard();
  const stream = { write: (line: string) => void logLines.push(line) };
  const log = createLogger({ level: 'debug', pretty: false, guard, stream });
  const rules = new TargetRules({
    allowPrivateTargets: ['127.0.0.0/8'],
    allowHttp: true,
    ownPorts: () => [],
  });
  const made = (changes: Partial<NotifierOptions>) =>
    new Notifier({
      database: farm.db,
      storeId: farm.storeId,
      poster: new Poster({
        rules,
        timeoutMs: given.timeoutMs ?? 2_000,
        extraCa: [],
        now: () => clock.now(),
      }),
      bases: SERVICES,
      key,
      userAgent: 'printfarmd/test',
      maxFailures: 10,
      limit: { rows: 100_000 },
      fileUrl: (uri) => `https://farm.example/storage/${uri}`,
      hideSecret: (secret) => guard.hide(secret),
      clock,
      log,
      timing: { retryDelaysMs: [5, 10], jitter: 0.2 },
      sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
      random: Math.random,
      ...given,
      ...changes,
    });
  let notifier = made({});
  await notifier.start();
  return {
    farm,
    get notifier() {
      return notifier;
    },
    logLines,
    enable: (of) =>
      farm.db.write(farm.context, async (tx) => {
        const row = await enableChannel(tx, of.channel, (id) => notifier.seal(id, of));
        return tx.update(notificationSetting, row.id, { onOrderClosed: true, onJobFailed: false });
      }),
    async tell(...numbers) {
      for (const orderNumber of numbers) {
        await farm.db.write(farm.context, (tx) =>
          queueNotice(tx, {
            event: 'onOrderClosed',
            printerId: null,
            printJobId: null,
            extra: { order: { orderNumber: String(orderNumber) } },
          }),
        );
      }
    },
    rows: () => farm.db.read.selectFrom('notice').selectAll().orderBy(rowNumber('notice')).execute(),
    setting: (channel) =>
      farm.db.read
        .selectFrom('notificationSetting')
        .select(['id', 'enabled', 'disabledReason'])
        .where('channel', '=', channel)
        .executeTakeFirstOrThrow(),
    async restart(changes = {}) {
      await notifier.stop();
      notifier = made(changes);
      await notifier.start();
    },
    async stop() {
      await notifier.stop();
      await farm.close();
    },
  };
}

/** The number of the order that a call tells of. */
export function orderOf({ body }: { readonly body: string }): number {
  return Number(JSON.parse(body).data.order.orderNumber);
}
