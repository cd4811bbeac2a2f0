import type { NoticeStatus } from '../resources/notice.js';
import { NOTICE_CHANNELS, type NoticeChannel } from '../resources/notification-setting.js';

/** Counts since the start, of one channel. */
export interface ChannelCounts {
  readonly delivered: number;
  readonly failed: number;
  readonly attempts: number;
  readonly failedAttempts: number;
}

type Counting = { -readonly [K in keyof ChannelCounts]: number };

/** What was sent since the start, for the metrics. */
export class NoticeTally {
  readonly #counts: ReadonlyMap<NoticeChannel, Counting> = new Map(
    NOTICE_CHANNELS.map((channel) => [channel, { delivered: 0, failed: 0, attempts: 0, failedAttempts: 0 }]),
  );

  attempt(channel: NoticeChannel, delivered: boolean): void {
    const counts = this.#of(channel);
    counts.attempts += 1;
    if (!delivered) counts.failedAttempts += 1;
  }

  settled(channel: NoticeChannel, status: NoticeStatus): void {
    const counts = this.#of(channel);
    if (status === 'delivered') counts.delivered += 1;
    if (status === 'failed') counts.failed += 1;
  }

  of(channel: NoticeChannel): ChannelCounts {
    return this.#of(channel);
  }

  #of(channel: NoticeChannel): Counting {
    const counts = this.#counts.get(channel);
    if (!counts) throw new TypeError(`There is no channel ${channel}`);
    return counts;
  }
}
