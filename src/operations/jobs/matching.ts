import { createHash } from 'node:crypto';
import { notFound } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import { decodeRow } from '../../database/rows.js';
import type { PairReason, SlotRef } from '../../matching/result.js';
import { partMaterialAssignment, printerSlot, printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam } from '../schemas.js';
import { matchingDetails, matchingTroubleshoot } from './matching-shapes.js';

/** Why a job waits: what the matcher itself found, and what it would find now. */
export function matchingOperations(deps: Deps): Operation[] {
  const { database, scheduler, presenter } = deps;

  async function jobOf(id: string, storeId: string) {
    const raw = await database.read
      .selectFrom('printJob')
      .selectAll()
      .where('id', '=', id)
      .where('storeId', '=', storeId)
      .executeTakeFirst();
    if (!raw) throw notFound(printJob.label, id);
    return decodeRow(printJob, raw);
  }

  const details = operation({
    id: 'printJobs.matchingDetails',
    method: 'GET',
    path: '/v1/print-jobs/{id}/matching-details',
    status: 200,
    summary: 'What the last matching pass found about a job; null when none has come to it',
    permissions: ['queue.view'],
    params: idParam,
    body: null,
    answer: () => matchingDetails().nullable(),
    async run({ params }, { caller }) {
      const job = await jobOf(params.id, caller.storeId);
      const found = scheduler.reasons(job.id);
      if (!found) return null;
      const part = await partMaterials(job.partId);
      const slots = await slotsByPrinter([...found.keys()]);
      const entries = [...found].map(([printerId, reason]) => {
        const rows = slots.get(printerId) ?? [];
        return [printerId, detailOf(reason, rows, { job: job.materialAssignments, part })] as const;
      });
      return {
        id: createHash('sha256').update(`matching ${job.id}`).digest('hex').slice(0, 24),
        storeId: job.storeId,
        printJobId: job.id,
        createdAt: job.createdAt,
        updatedAt: timestamp(deps.clock.now()),
        details: Object.fromEntries(entries),
      };
    },
  });

  /** What the part says of its channels' materials, by channel; null when the part is gone. */
  async function partMaterials(partId: string | null) {
    if (partId === null) return null;
    const rows = await database.read
      .selectFrom('partMaterialAssignment')
      .selectAll()
      .where('partId', '=', partId)
      .orderBy('index')
      .orderBy('priority')
      .execute();
    const byChannel: Record<string, unknown[]> = {};
    for (const row of rows) {
      const shown = partMaterialAssignment.present(decodeRow(partMaterialAssignment, row), presenter);
      byChannel[row.index] = [...(byChannel[row.index] ?? []), shown];
    }
    return byChannel;
  }

  async function slotsByPrinter(printerIds: readonly string[]) {
    const rows =
      printerIds.length === 0
        ? []
        : await database.read
            .selectFrom('printerSlot')
            .selectAll()
            .where('printerId', 'in', [...printerIds])
            .execute();
    const byPrinter = new Map<string, Record<string, unknown>[]>();
    for (const row of rows) {
      const slots = byPrinter.get(row.printerId) ?? [];
      slots.push(printerSlot.present(decodeRow(printerSlot, row), presenter));
      byPrinter.set(row.printerId, slots);
    }
    return byPrinter;
  }

  const troubleshoot = operation({
    id: 'printJobs.matchingTroubleshoot',
    method: 'GET',
    path: '/v1/print-jobs/{id}/matching-troubleshoot',
    status: 200,
    summary: 'Every check of a pending job with every printer, computed now; null when it is not pending',
    permissions: ['queue.view'],
    params: idParam,
    body: null,
    answer: () => matchingTroubleshoot.nullable(),
    async run({ params }, { caller }) {
      const job = await jobOf(params.id, caller.storeId);
      const found = await scheduler.troubleshoot(job.id);
      if (!found) return null;
      return {
        printJobId: job.id,
        printers: found.map(({ printer, result }) => ({
          printerId: printer.id,
          printerName: printer.name,
          matched: result.matched,
          compatible: result.compatible,
          checks: result.checks,
          ...(result.firstFailedCheck === null ? {} : { firstFailedCheck: result.firstFailedCheck }),
        })),
      };
    },
  });

  return [details, troubleshoot];
}

function detailOf(
  reason: PairReason,
  rows: readonly Record<string, unknown>[],
  assignments: { readonly job: unknown; readonly part: unknown },
) {
  const joined = (refs: readonly SlotRef[]) =>
    refs.flatMap((ref) =>
      rows.filter((row) => row.amsIndex === ref.amsIndex && row.slotIndex === ref.slotIndex),
    );
  const { matched, reasonCode } = reason;
  const base = { matched, reason: reason.reason, reasonCode };
  switch (reason.reasonCode) {
    case 'matched':
      return { ...base, priority: reason.priority, data: { slots: joined(reason.data.slots) } };
    case 'no-slots':
      return { ...base, data: { ...reason.data, slots: joined(reason.data.slots) } };
    case 'missing-profile':
      return { ...base, data: { slots: joined(reason.data.slots) } };
    case 'material-mismatch':
      return {
        ...base,
        data: {
          slots: joined(reason.data.slots),
          jobMaterialAssignments: assignments.job,
          partMaterialAssignments: assignments.part,
          computedAssignments: reason.data.computedAssignments,
        },
      };
    default:
      return { ...base, data: reason.data };
  }
}
