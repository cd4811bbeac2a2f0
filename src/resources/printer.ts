import { COMM_METHODS, INTEGRATION_TYPES, PRINTER_PROVIDERS } from '../contract/enums.js';
import { choice, date, flag, id, integer, json, nullable, real, text, withDefault, words } from './column.js';
import { many, one, resource } from './resource.js';
import { bambuConfig, bambuMetadata, occurrence } from './shapes.js';

/**
 * A printer as the farm knows it. `isOnline`, `isAvailable`, `metadata` and the counters are written by the daemon
 * on transitions only; what changes every second lives in the fleet's memory.
 */
export const printer = resource({
  name: 'printer',
  label: 'printer',
  path: '/v1/printers',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'printer.view' },
  relations: {
    slots: many('printerSlot', 'printerId'),
    printingJob: one('printJob', 'printingJobId'),
    machineUserProfile: one('profile', 'machineUserProfileId'),
    processUserProfile: one('profile', 'processUserProfileId'),
    maintenanceEnrollments: many('printerMaintenanceEnrollment', 'printerId'),
    integration: one('integration', 'integrationId'),
  },
  events: 'printers',
  columns: {
    provider: choice(PRINTER_PROVIDERS),
    /** The serial number: what a printer is recognised by, whatever its address. */
    deviceId: nullable(text({ max: 64 })),
    providerConfig: nullable(json(bambuConfig, { byPlace: true })),
    machineUserProfileId: nullable(
      id({ references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    machineSystemProfileId: nullable(integer()),
    processUserProfileId: nullable(
      id({ references: { resource: 'profile', onDelete: 'set null', by: 'code' } }),
    ),
    processSystemProfileId: nullable(integer()),
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    nozzleDiameter: withDefault(text({ max: 16, writable: 'edit' }), '0.4'),
    metadata: nullable(json(bambuMetadata, { secretKeys: ['dev_access_code', 'api_key', 'password'] })),
    proxyClientId: nullable(text()),
    commMethod: nullable(choice(COMM_METHODS)),
    enabled: withDefault(flag({ writable: 'edit' }), true),
    tags: withDefault(words({ writable: 'edit', max: 200 }), []),
    confirmedReady: withDefault(flag(), false),
    isAvailable: withDefault(flag(), false),
    isOnline: withDefault(flag(), false),
    printingJobId: nullable(id()),
    lastPrintedAt: nullable(date()),
    integrationId: nullable(id()),
    integrationType: nullable(choice(INTEGRATION_TYPES)),
    continuousPrint: withDefault(flag(), false),
    fabmaticRemainingJobs: nullable(integer()),
    /** Why continuous printing went off by itself; null once somebody has looked, and where a person ended it. */
    continuousEnded: nullable(json(occurrence, { hidden: true })),
    /** Jobs in a row that could not be begun on it, for a reason of the printer's. */
    failedStarts: withDefault(integer({ min: 0, hidden: true }), 0),
    /** Why it is given nothing until somebody has looked; null while it takes jobs. */
    setAside: nullable(json(occurrence, { hidden: true })),
    lifetimePrintHours: withDefault(real({ min: 0 }), 0),
    lifetimeJobCount: withDefault(integer({ min: 0 }), 0),
    /** A print goes on that is counted up to here; null while none does, or it pauses. */
    printingSince: nullable(date({ hidden: true })),
    /** What it then still had before it. */
    printingMinutesLeft: nullable(integer({ hidden: true })),
    isInMaintenance: withDefault(flag(), false),
    lastMaintenanceOfflineAt: nullable(date()),
    lastMaintenanceOnlineAt: nullable(date()),
  },
});
