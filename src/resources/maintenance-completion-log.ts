import { date, id, integer, nullable, real, text } from './column.js';
import { one, resource } from './resource.js';

/** A piece of upkeep that was done on a printer. It outlives the enrollment: it is the printer's history. */
export const maintenanceCompletionLog = resource({
  name: 'maintenanceCompletionLog',
  label: 'maintenance completion',
  permissions: { view: 'maintenance.view' },
  relations: {
    enrollment: one('printerMaintenanceEnrollment', 'enrollmentId'),
    printer: one('printer', 'printerId'),
    maintenanceItem: one('maintenanceItem', 'maintenanceItemId'),
  },
  events: 'maintenanceCompletionLogs',
  defaultSort: [
    { field: 'completedAt', direction: 'desc' },
    { field: 'createdAt', direction: 'desc' },
  ],
  columns: {
    enrollmentId: id(),
    printerId: id({ references: { resource: 'printer', onDelete: 'cascade' } }),
    maintenanceItemId: id(),
    completedAt: date(),
    completedBy: nullable(text()),
    hoursAtCompletion: nullable(real({ min: 0 })),
    jobsAtCompletion: nullable(integer({ min: 0 })),
    notes: nullable(text()),
  },
});
