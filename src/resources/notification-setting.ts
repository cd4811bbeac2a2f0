import { choice, date, flag, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

export const NOTICE_CHANNELS = ['discord', 'webhook', 'slack', 'pushover', 'telegram'] as const;
export type NoticeChannel = (typeof NOTICE_CHANNELS)[number];

const notice = () => withDefault(flag({ writable: 'edit' }), false);

/** What is told to the outside over one channel. One row for each channel that was ever set up. */
export const notificationSetting = resource({
  name: 'notificationSetting',
  label: 'notification setting',
  path: '/v1/settings/notifications',
  operations: ['search'],
  permissions: { view: 'settings.view', edit: 'settings.edit' },
  events: 'notificationSettings',
  columns: {
    enabled: withDefault(flag({ writable: 'edit' }), true),
    channel: choice(NOTICE_CHANNELS, { writable: 'create' }),
    onJobSucceeded: notice(),
    onJobFailed: withDefault(flag({ writable: 'edit' }), true),
    onJobStarted: notice(),
    onJobCancelled: notice(),
    onPrinterHmsError: withDefault(flag({ writable: 'edit' }), true),
    onPrinterHmsWarning: notice(),
    onPrinterOffline: notice(),
    onPrinterOnline: notice(),
    onPrinterContinuousPrintDisabled: notice(),
    onOrderCreatedManual: notice(),
    onOrderCreatedRetail: notice(),
    onOrderCancelled: notice(),
    onOrderClosed: notice(),
    onOrdersAutoPrinted: notice(),
    onMaintenanceModeOn: notice(),
    onMaintenanceModeOff: notice(),
    onMaintenanceDueSoon: notice(),
    onMaintenanceOverdue: notice(),
    onMaterialUsageRecorded: notice(),
    /** Where to and with which secrets, sealed by a key that is not in the database. */
    channelData: nullable(text({ hidden: true, secret: true })),
    /** Why it went off by itself; null while it is on, and where a person switched it off. */
    disabledReason: nullable(text({ hidden: true, max: 1000 })),
    /** Failures from here on count towards switching it off. */
    enabledSince: nullable(date({ hidden: true })),
  },
});

/** What can be told: the columns by which a channel asks for it. */
export type NoticeEvent = Extract<keyof typeof notificationSetting.columns, `on${string}`>;

export const NOTICE_EVENTS: readonly NoticeEvent[] = Object.keys(notificationSetting.columns).filter(
  (name): name is NoticeEvent => name.startsWith('on'),
);
