import { z } from 'zod';
import { invalidInput } from '../../contract/errors.js';
import type { Parameters } from '../../query/parse-get.js';
import { NOTICE_STATUSES } from '../../resources/notice.js';
import { NOTICE_CHANNELS } from '../../resources/notification-setting.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { channelReports, deliveries, type LogPage } from './notice-log.js';

const time = z.iso.datetime();

const channelReport = () =>
  z.object({
    id,
    channel: z.enum(NOTICE_CHANNELS),
    enabled: z.boolean(),
    disabledReason: z.string().nullable(),
    waiting: z.int().min(0),
    lastDeliveredAt: time.nullable(),
    lastFailedAt: time.nullable(),
    underWay: z
      .object({
        event: z.string(),
        attempts: z.int().min(0),
        nextAttemptAt: time.nullable(),
        error: z.string().nullable(),
      })
      .nullable(),
  });

const delivery = () =>
  z.object({
    id,
    eventId: id,
    event: z.string(),
    channel: z.enum(NOTICE_CHANNELS),
    status: z.enum(NOTICE_STATUSES),
    attempts: z.int().min(0),
    httpStatus: z.int().nullable(),
    error: z.string().nullable(),
    createdAt: time,
    settledAt: time.nullable(),
  });

const MAX_PAGE = 500;
const page = z.object({
  limit: z.coerce
    .number(`a whole number from 1 to ${MAX_PAGE}`)
    .int(`a whole number from 1 to ${MAX_PAGE}`)
    .min(1, `a whole number from 1 to ${MAX_PAGE}`)
    .max(MAX_PAGE, `a whole number from 1 to ${MAX_PAGE}`)
    .default(50),
  before: id.nullable().default(null),
  channel: z.enum(NOTICE_CHANNELS).nullable().default(null),
  status: z.enum(NOTICE_STATUSES).nullable().default(null),
});

/** What became of what was told, and how the channels fare. */
export function notificationLogOperations({ database, notices }: Deps): Operation[] {
  const base = {
    method: 'GET',
    status: 200,
    permissions: ['settings.view'],
    params: noParams,
    body: null,
  } as const;

  const report = operation({
    ...base,
    id: 'local.notifications',
    path: '/local/notifications',
    summary:
      'How each notification channel fares: on or off and why, what waits, and when it was last delivered to',
    answer: () => z.array(channelReport()),
    run: (_input, { caller }) => channelReports({ read: database.read, storeId: caller.storeId, notices }),
  });

  const log = operation({
    ...base,
    id: 'local.notifications.deliveries',
    path: '/local/notifications/deliveries',
    summary:
      'What was told over which channel and what came of it, the newest first; before=ID goes on behind a page',
    query: () => page,
    answer: () => z.array(delivery()),
    run: ({ query }, { caller }) =>
      deliveries({ read: database.read, storeId: caller.storeId }, pageOf(query)),
  });

  return [report, log];
}

/** @throws ApiError validation_failed */
function pageOf(parameters: Parameters): LogPage {
  const read = page.safeParse(Object.fromEntries(parameters));
  if (read.success) return read.data;
  throw invalidInput(
    read.error.issues.map(({ path, message }) => ({ path: `$query.${path.join('.')}`, expected: message })),
  );
}
