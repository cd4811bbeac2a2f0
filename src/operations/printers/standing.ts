import { z } from 'zod';
import type { Transaction } from '../../database/transaction.js';
import { lookedAt } from '../../domain/printer-standing.js';
import { confirmReady, type Printer, setContinuousPrint } from '../../domain/printers.js';
import { whyAttended } from '../../fleet/unattended.js';
import { answered } from '../../resources/answered.js';
import { printer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';

/** Does the same to each of those printers that there are, all or none. @returns them as they are shown */
export async function changeEach(
  { database, presenter }: Pick<Deps, 'database' | 'presenter'>,
  printerIds: readonly string[],
  context: CallContext,
  fn: (tx: Transaction, printerId: string) => Promise<Printer>,
): Promise<Record<string, unknown>[]> {
  const rows = await database.write(context.write, async (tx) => {
    const done: Printer[] = [];
    for (const printerId of printerIds)
      if (await tx.find(printer, printerId)) done.push(await fn(tx, printerId));
    return done;
  });
  return rows.map((row) => printer.present(row, presenter));
}

/** Whether printers take jobs: switched on, bed clear, looked at, printing without a person. */
export function standingOperations(deps: Deps): Operation[] {
  const { database, presenter, fleet } = deps;

  const setEnabled = operation({
    id: 'printers.enabled',
    method: 'PATCH',
    path: '/v1/printers/enabled',
    status: 200,
    summary: 'Let printers take jobs, or not',
    permissions: ['printer.control'],
    params: noParams,
    body: z.object({ enabled: z.boolean(), ids }),
    answer: () => z.array(answered(printer)),
    run: ({ body }, context) =>
      changeEach(deps, body.ids, context, async (tx, printerId) => {
        if (body.enabled) await lookedAt(tx, printerId);
        return tx.update(printer, printerId, { enabled: body.enabled });
      }),
  });

  const setReady = operation({
    id: 'printers.confirmReady',
    method: 'PATCH',
    path: '/v1/printers/confirm-ready',
    status: 200,
    summary: 'Say whether the bed is clear; printers that are printing are answered unchanged',
    permissions: ['printer.ready'],
    params: noParams,
    body: z.object({ ready: z.boolean(), ids }),
    answer: () => z.array(answered(printer)),
    run: ({ body }, context) =>
      changeEach(deps, body.ids, context, (tx, printerId) => confirmReady(tx, printerId, body.ready)),
  });

  const acknowledge = operation({
    id: 'local.printers.acknowledge',
    method: 'POST',
    path: '/local/printers/{id}/acknowledge',
    status: 201,
    summary: 'Say that somebody has looked: a printer that was set aside takes jobs again',
    permissions: ['printer.ready'],
    params: idParam,
    body: null,
    answer: () => answered(printer),
    run: async ({ params }, context) =>
      printer.present(await database.write(context.write, (tx) => lookedAt(tx, params.id)), presenter),
  });

  const setContinuous = operation({
    id: 'printers.continuousPrint',
    method: 'PATCH',
    path: '/v1/printers/continous-print',
    status: 200,
    summary: 'Print job after job without a person, for a number of jobs or without end',
    permissions: ['printer.config', 'printer.ready'],
    params: noParams,
    body: z.object({ enabled: z.boolean(), jobLimit: z.int().min(1).nullable().optional(), ids }),
    answer: () => z.array(answered(printer)),
    run: ({ body }, context) =>
      changeEach(
        deps,
        body.ids.filter((printerId) => !body.enabled || !hasFault(printerId)),
        context,
        (tx, printerId) => setContinuousPrint(tx, printerId, body.enabled, body.jobLimit ?? null),
      ),
  });

  /** Nobody should leave a printer alone that already complains. */
  function hasFault(printerId: string): boolean {
    const state = fleet.live(printerId)?.report?.state;
    if (!state) return false;
    return state.health.some((entry) => entry.source === 'hms') || whyAttended(state) !== null;
  }

  return [setReady, setEnabled, acknowledge, setContinuous];
}
