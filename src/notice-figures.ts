import { NOTICE_CHANNELS } from './resources/notification-setting.js';
import type { Metrics } from './telemetry/metrics.js';
import type { Notifier } from './webhooks/notifier.js';
import type { ChannelCounts } from './webhooks/tally.js';

/** How notification channels fare. */
export function noticeFigures(metrics: Metrics, notifier: Pick<Notifier, 'tally' | 'depth'>): void {
  metrics.gauge(
    'notices_waiting',
    'Notices that wait to be sent, of channels that are on.',
    ['channel'],
    () => [...notifier.depth()].map(([channel, waiting]) => [[channel], waiting]),
  );
  const counter = (name: string, help: string, read: (counts: ChannelCounts) => number) =>
    metrics.counter(name, help, ['channel'], () =>
      NOTICE_CHANNELS.map((channel) => [[channel], read(notifier.tally.of(channel))]),
    );
  counter('notices_delivered_total', 'Notices that their receiver took.', ({ delivered }) => delivered);
  counter(
    'notices_failed_total',
    'Notices that were given up after their last attempt.',
    ({ failed }) => failed,
  );
  counter('notice_attempts_total', 'Attempts to send notices, tests too.', ({ attempts }) => attempts);
  counter(
    'notice_attempts_failed_total',
    'Attempts to send notices that failed, tests too.',
    ({ failedAttempts }) => failedAttempts,
  );
}
