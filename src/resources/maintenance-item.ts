import { MAINTENANCE_TRIGGERS } from '../contract/enums.js';
import { choice, flag, nullable, real, text, withDefault } from './column.js';
import { many, resource } from './resource.js';

/** A piece of upkeep that comes due again and again. */
export const maintenanceItem = resource({
  name: 'maintenanceItem',
  label: 'maintenance item',
  permissions: {
    view: 'maintenance.view',
    create: 'maintenance.create',
    edit: 'maintenance.edit',
    delete: 'maintenance.delete',
  },
  relations: { enrollments: many('printerMaintenanceEnrollment', 'maintenanceItemId') },
  events: 'maintenanceItems',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    triggerType: choice(MAINTENANCE_TRIGGERS, { writable: 'edit' }),
    /** Hours of printing, days or jobs, as the trigger says; above 0. */
    interval: real({ min: 0, writable: 'edit' }),
    /** Percent of the interval from which it is due soon. */
    warningThresholdPct: withDefault(real({ min: 0, max: 100, writable: 'edit' }), 80),
    notes: nullable(text({ writable: 'edit' })),
    /** Brought along by the daemon: it may be changed, not deleted. */
    isSystemDefault: withDefault(flag(), false),
    /** Which of those it is, whatever its name is by now. */
    defaultKey: nullable(text({ hidden: true })),
  },
});
