import { z } from 'zod';
import { removeEntity } from '../../domain/entities.js';
import {
  duplicateItem,
  enroll,
  enrollRecommended,
  markDone,
  setMaintenanceMode,
  unenroll,
} from '../../domain/maintenance.js';
import type { Printer } from '../../domain/printers.js';
import { RECOMMENDED_ITEMS } from '../../domain/recommended-maintenance.js';
import { answered } from '../../resources/answered.js';
import {
  maintenanceCompletionLog,
  maintenanceItem,
  printer,
  printerMaintenanceEnrollment,
} from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';
import { plainListOperation } from '../standard.js';
import { createOperation, updateOperation } from '../standard-writes.js';
import { maintenanceStatusOperations } from './status.js';

const ITEMS = '/v1/maintenance/items';
const ENROLLMENTS = '/v1/maintenance/enrollments';

const offset = z.number().min(0);

/** The upkeep of printers; the rules are in `domain/maintenance.ts`. */
export function maintenanceOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const duplicate = operation({
    id: 'maintenanceItem.duplicate',
    method: 'POST',
    path: `${ITEMS}/{id}/duplicate`,
    status: 201,
    summary: 'Make a copy of a maintenance item, without its printers',
    permissions: ['maintenance.create'],
    params: idParam,
    body: null,
    answer: () => answered(maintenanceItem),
    async run({ params }, { write }) {
      const row = await database.write(write, (tx) => duplicateItem(tx, params.id));
      return maintenanceItem.present(row, presenter);
    },
  });

  const remove = operation({
    id: 'maintenanceItem.delete',
    method: 'DELETE',
    path: `${ITEMS}/{id}`,
    status: 200,
    summary: 'Delete a maintenance item; what was done stays in the history',
    permissions: ['maintenance.delete'],
    params: idParam,
    body: null,
    answer: null,
    async run({ params }, { write }) {
      await database.write(write, (tx) => removeEntity(tx, maintenanceItem, params.id));
      return NOTHING;
    },
  });

  const enrollPrinters = operation({
    id: 'maintenance.enroll',
    method: 'POST',
    path: ENROLLMENTS,
    status: 201,
    summary:
      'Have a maintenance item watched for printers; those that it is watched for already are left out',
    permissions: ['maintenance.edit'],
    params: noParams,
    body: z.object({
      maintenanceItemId: z.string(),
      enrollments: z.array(z.object({ printerId: z.string(), currentOffset: offset.optional() })).max(1_000),
    }),
    answer: () => z.array(answered(printerMaintenanceEnrollment)),
    async run({ body }, { write }) {
      const rows = await database.write(write, (tx) => enroll(tx, body.maintenanceItemId, body.enrollments));
      return rows.map((row) => printerMaintenanceEnrollment.present(row, presenter));
    },
  });

  const unenrollPrinters = operation({
    id: 'maintenance.unenroll',
    method: 'DELETE',
    path: ENROLLMENTS,
    status: 200,
    summary: 'Watch maintenance items no longer; what was done stays in the history',
    permissions: ['maintenance.edit'],
    params: noParams,
    body: z.object({ enrollmentIds: z.array(z.string()).max(10_000) }),
    answer: null,
    async run({ body }, { write }) {
      await database.write(write, (tx) => unenroll(tx, body.enrollmentIds));
      return NOTHING;
    },
  });

  const done = operation({
    id: 'maintenance.markDone',
    method: 'POST',
    path: '/v1/maintenance/mark-done',
    status: 201,
    summary: 'Write down that maintenance was done; its interval begins anew',
    permissions: ['maintenance.complete'],
    params: noParams,
    body: z.object({
      enrollmentIds: z.array(z.string()).max(1_000),
      notes: z.string().max(10_000).optional(),
      userId: z.string().max(255).optional(),
    }),
    answer: null,
    async run({ body }, { caller, write }) {
      const by = body.userId ?? caller.actor.id;
      await database.write(write, (tx) => markDone(tx, body.enrollmentIds, by, body.notes ?? null));
      return NOTHING;
    },
  });

  const mode = operation({
    id: 'maintenance.mode',
    method: 'PATCH',
    path: '/v1/maintenance/mode',
    status: 200,
    summary: 'Take printers out of work, or let them back; a print that runs goes on to its end',
    permissions: ['maintenance.edit'],
    params: noParams,
    body: z.object({ printerIds: ids, enabled: z.boolean() }),
    answer: () => z.array(answered(printer)),
    async run({ body }, { write }) {
      const rows = await database.write(write, async (tx) => {
        const changed: Printer[] = [];
        for (const id of new Set(body.printerIds))
          if (await tx.find(printer, id)) changed.push(await setMaintenanceMode(tx, id, body.enabled));
        return changed;
      });
      return rows.map((row) => printer.present(row, presenter));
    },
  });

  const recommended = operation({
    id: 'maintenance.recommendedProfiles',
    method: 'GET',
    path: '/v1/maintenance/recommended-profiles',
    status: 200,
    summary: 'Read which maintenance is recommended for which printer models, by their codes',
    permissions: ['maintenance.view'],
    params: noParams,
    body: null,
    answer: () => z.record(z.string(), z.array(z.string())),
    run: async () => Object.fromEntries(RECOMMENDED_ITEMS.map(({ name, models }) => [name, models])),
  });

  const enrollInRecommended = operation({
    id: 'maintenance.enrollRecommended',
    method: 'POST',
    path: '/v1/maintenance/recommended-enrollments',
    status: 201,
    summary: 'Enroll printers in what is recommended for their models; missing items are made',
    permissions: ['maintenance.edit'],
    params: noParams,
    body: z.object({
      printerIds: z.array(z.string()).max(1_000),
      offsets: z.record(z.string(), z.record(z.string(), offset)),
    }),
    answer: () => z.object({ enrolledCount: z.int().min(0) }),
    async run({ body }, { write }) {
      const enrolledCount = await database.write(write, (tx) =>
        enrollRecommended(tx, body.printerIds, body.offsets),
      );
      return { enrolledCount };
    },
  });

  const whole = (resource: Parameters<typeof plainListOperation>[0], path: string, summary: string) =>
    plainListOperation(resource, deps, { id: `${resource.name}.all`, path, summary, params: noParams });

  return [
    whole(maintenanceItem, ITEMS, 'List every maintenance item of the store, whole'),
    createOperation(maintenanceItem, deps, ITEMS),
    updateOperation(maintenanceItem, deps, ITEMS),
    remove,
    duplicate,
    whole(printerMaintenanceEnrollment, ENROLLMENTS, 'List which maintenance is watched for which printers'),
    enrollPrinters,
    unenrollPrinters,
    done,
    whole(maintenanceCompletionLog, '/v1/maintenance/history', 'List what was done, newest first'),
    mode,
    recommended,
    enrollInRecommended,
    ...maintenanceStatusOperations(deps),
  ];
}
