import { choice, flag, withDefault } from './column.js';
import { resource } from './resource.js';

export const NOTICE_CHANNELS = ['discord', 'webhook', 'slack', 'pushover', 'telegram'] as const;

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
  },
});
