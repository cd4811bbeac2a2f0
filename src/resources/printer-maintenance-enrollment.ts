import { date, id, integer, nullable, real, text, withDefault } from './column.js';
import { many, one, resource } from './resource.js';

/** A printer for which a piece of upkeep is watched, once for each. */
export const printerMaintenanceEnrollment = resource({
  name: 'printerMaintenanceEnrollment',
  label: 'maintenance enrollment',
  permissions: { view: 'maintenance.view', edit: 'maintenance.edit' },
  relations: {
    printer: one('printer', 'printerId'),
    maintenanceItem: one('maintenanceItem', 'maintenanceItemId'),
    completionLogs: many('maintenanceCompletionLog', 'enrollmentId'),
  },
  events: 'maintenanceEnrollments',
  columns: {
    printerId: id({ references: { resource: 'printer', onDelete: 'cascade' } }),
    maintenanceItemId: id({ references: { resource: 'maintenanceItem', onDelete: 'cascade' } }),
    /** How much of the interval had passed when it was enrolled; 0 from the first completion on. */
    currentOffset: withDefault(real({ min: 0 }), 0),
    hoursAtLastCompletion: nullable(real({ min: 0 })),
    jobsAtLastCompletion: nullable(integer({ min: 0 })),
    lastCompletedAt: nullable(date()),
    lastCompletedBy: nullable(text()),
    lastNotifiedStatus: nullable(text()),
    /** What the printer had printed when the interval began: at the last completion, or at enrolling. */
    hoursAtStart: withDefault(real({ min: 0, hidden: true }), 0),
    jobsAtStart: withDefault(integer({ min: 0, hidden: true }), 0),
  },
});
