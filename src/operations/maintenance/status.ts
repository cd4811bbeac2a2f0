import { z } from 'zod';
import { MAINTENANCE_STATUSES, MAINTENANCE_TRIGGERS } from '../../contract/enums.js';
import { upkeepInfo, watchedUpkeep } from '../../domain/maintenance-due.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { requirePrinter } from '../printers/require-printer.js';
import { id, noParams } from '../schemas.js';

const statusInfo = z
  .object({
    enrollmentId: id,
    printerId: id,
    maintenanceItemId: id,
    printerName: z.string(),
    itemName: z.string(),
    triggerType: z.enum(MAINTENANCE_TRIGGERS),
    interval: z.number(),
    elapsed: z.number(),
    progress: z.number(),
    status: z.enum(MAINTENANCE_STATUSES),
    warningThresholdPct: z.number(),
    lastCompletedAt: z.iso.datetime().nullable(),
    lastCompletedBy: z.string().nullable(),
  })
  .meta({ id: 'MaintenanceStatusInfo' });

/** What is due on which printer, computed when asked from what the printers have printed and from the clock. */
export function maintenanceStatusOperations({ database, clock }: Deps): Operation[] {
  async function statuses(storeId: string, printerId: string | null) {
    return (await watchedUpkeep(database.read, storeId, printerId, clock.now())).map(upkeepInfo);
  }

  const fleet = operation({
    id: 'maintenance.fleetStatus',
    method: 'GET',
    path: '/v1/maintenance/fleet-status',
    status: 200,
    summary: 'Read what is due on every printer',
    permissions: ['maintenance.view'],
    params: noParams,
    body: null,
    answer: () => z.array(statusInfo),
    run: (_input, { caller }) => statuses(caller.storeId, null),
  });

  const ofPrinter = operation({
    id: 'maintenance.printerStatus',
    method: 'GET',
    path: '/v1/maintenance/printers/{printerId}/status',
    status: 200,
    summary: 'Read what is due on one printer',
    permissions: ['maintenance.view'],
    params: z.object({ printerId: id }),
    body: null,
    answer: () => z.array(statusInfo),
    async run({ params }, { caller }) {
      await requirePrinter(database, params.printerId, caller.storeId);
      return statuses(caller.storeId, params.printerId);
    },
  });

  return [fleet, ofPrinter];
}
