import { date, id, integer, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

/** What becomes of a notice. `dropped`: it was never sent, and the reason is told. */
export const NOTICE_STATUSES = ['waiting', 'delivered', 'failed', 'dropped'] as const;
export type NoticeStatus = (typeof NOTICE_STATUSES)[number];

/**
 * Something that is told over one channel: waiting to be sent, or what came of it. Rows are sent in the order in which
 * they were written, which is that of SQLite's own row numbers.
 */
export const notice = resource({
  name: 'notice',
  label: 'notice',
  columns: {
    settingId: id({ references: { resource: 'notificationSetting', onDelete: 'cascade' } }),
    /** The same for every channel and every attempt; what a receiver tells repetitions by. */
    eventId: id(),
    /** A NoticeEvent, or `test`. */
    event: text({ max: 64 }),
    /** What is told, as it was then; emptied once the notice is settled. */
    body: text(),
    status: text({ max: 16 }),
    attempts: withDefault(integer({ min: 0 }), 0),
    /** When it was delivered, given up or dropped. */
    settledAt: nullable(date()),
    /** The receiver's last answer, where there was one. */
    httpStatus: nullable(integer()),
    error: nullable(text({ max: 1000 })),
  },
});
