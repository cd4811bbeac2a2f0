import type { NoticeStatus } from '../resources/notice.js';
import type { NoticeChannel } from '../resources/notification-setting.js';

/** Counts since the start, by channel. */
export interface ChannelCounts {
  readonly delivered: number;
  readonly failed: number;
  readonly attempts: number;
  readonly failedAttempts: number;
}

const NONE: ChannelCounts = { delivered: 0, failed: 0, attempts: 0, failedAttempts: 0 };

/** What was sent since the start, for the metrics. */
export class NoticeTally {
  readonly #counts = new Map<NoticeChannel, ChannelCounts>();

  attempt(channel: NoticeChannel, delivered: boolean): void {
    const { attempts, failedAttempts, ...others } = this.of(channel);
    this.#counts.set(channel, {
      ...others,
      attempts: attempts + 1,
      failedAttempts: failedAttempts + (delivered ? 0 : 1),
    });
  }

  settled(channel: NoticeChannel, status: NoticeStatus): void {
    const { delivered, failed, ...others } = this.of(channel);
    this.#counts.set(channel, {
      ...others,
      delivered: delivered + (status === 'delivered' ? 1 : 0),
      failed: failed + (status === 'failed' ? 1 : 0),
    });
  }

  of(channel: NoticeChannel): ChannelCounts {
    return this.#counts.get(channel) ?? NONE;
  }

  all(): ReadonlyMap<NoticeChannel, ChannelCounts> {
    return this.#counts;
  }
}
