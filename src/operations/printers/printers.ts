import { z } from 'zod';
import { notFound } from '../../contract/errors.js';
import { removeEntity, updateEntity } from '../../domain/entities.js';
import { connectionOf, DEFAULT_PRINTER_CONFIG, type Printer } from '../../domain/printers.js';
import { oneProfile, requireProfiles } from '../../domain/profiles.js';
import { answered } from '../../resources/answered.js';
import { printer, printerSlot } from '../../resources/index.js';
import { bambuConfig } from '../../resources/shapes.js';
import type { Deps } from '../deps.js';
import { type CallContext, NOTHING, type Operation, operation } from '../operation.js';
import { id, idParam, ids, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import {
  type ChangedPrinter,
  changePrinter,
  managedByConfig,
  type PrinterUpdate,
  printerUpdate,
} from './change.js';
import { registrationOperations } from './registration.js';
import { changeEach, standingOperations } from './standing.js';

export function printerOperations(deps: Deps): Operation[] {
  const { database, presenter, runner, fleet } = deps;
  const present = (row: Printer) => printer.present(row, presenter);

  /** Makes all changes or none, then tells the sessions of printers that are reached in another way. */
  async function changeAll(
    given: readonly { readonly printerId: string; readonly body: PrinterUpdate }[],
    context: CallContext,
  ): Promise<readonly Printer[]> {
    const changed = await database.write(context.write, async (tx) => {
      const done: ChangedPrinter[] = [];
      for (const { printerId, body } of given) done.push(await changePrinter(tx, printerId, body, deps));
      return done;
    });
    for (const { row, reconnect } of changed) if (reconnect) await fleet.refresh(row.id);
    return changed.map(({ row }) => row);
  }

  async function changeOne(printerId: string, body: PrinterUpdate, context: CallContext) {
    const [row] = await changeAll([{ printerId, body }], context);
    return row ? present(row) : null;
  }

  const updateOne = operation({
    id: 'printers.update',
    method: 'PATCH',
    path: '/v1/printers/{id}',
    status: 200,
    summary: 'Change a printer: name, tags, switches, access code',
    permissions: ['printer.edit'],
    params: idParam,
    body: printerUpdate,
    answer: () => answered(printer),
    run: ({ params, body }, context) => changeOne(params.id, body, context),
  });

  const updateMany = operation({
    id: 'printers.updateMany',
    method: 'PATCH',
    path: '/v1/printers',
    status: 200,
    summary: 'Make the same change to many printers',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.object({ ids, update: printerUpdate }),
    answer: () => z.array(answered(printer)),
    async run({ body }, context) {
      const known = await database.write(context.write, async (tx) => {
        const found = [];
        for (const printerId of new Set(body.ids))
          if (await tx.find(printer, printerId)) found.push(printerId);
        return found;
      });
      const rows = await changeAll(
        known.map((printerId) => ({ printerId, body: body.update })),
        context,
      );
      return rows.map(present);
    },
  });

  const updateMulti = operation({
    id: 'printers.updateMulti',
    method: 'PATCH',
    path: '/v1/printers/multi',
    status: 200,
    summary: 'Change many printers, each in its own way; all or none',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.array(printerUpdate.extend({ id })).max(1_000),
    answer: null,
    async run({ body }, context) {
      await changeAll(
        body.map((one) => ({ printerId: one.id, body: one })),
        context,
      );
      return NOTHING;
    },
  });

  const rename = operation({
    id: 'printers.rename',
    method: 'PATCH',
    path: '/v1/printers/{id}/rename',
    status: 200,
    summary: 'Give a printer another name',
    permissions: ['printer.edit'],
    params: idParam,
    body: z.object({ name: z.string().min(1).max(1024) }),
    answer: () => answered(printer),
    run: ({ params, body }, context) => changeOne(params.id, { name: body.name }, context),
  });

  const setConfig = operation({
    id: 'printers.setConfig',
    method: 'PATCH',
    path: '/v1/printers/set-config',
    status: 200,
    summary: 'Set how printers print: AMS, levelling, flow calibration, plate, time-lapse, profiles',
    permissions: ['printer.config'],
    params: noParams,
    body: z.object({
      printerIds: ids,
      providerConfig: bambuConfig.optional(),
      machineUserProfileId: id.nullable().optional(),
      machineSystemProfileId: z.int().nullable().optional(),
      processUserProfileId: id.nullable().optional(),
      processSystemProfileId: z.int().nullable().optional(),
    }),
    answer: () => z.array(answered(printer)),
    run: ({ body }, context) =>
      changeEach(deps, body.printerIds, context, async (tx, printerId) => {
        const { printerIds: _ids, providerConfig, ...profiles } = body;
        const row = await tx.get(printer, printerId);
        await requireProfiles(tx, profiles, {
          machineUserProfileId: 'machine',
          processUserProfileId: 'process',
        });
        const machine = oneProfile(profiles, 'machineUserProfileId', 'machineSystemProfileId');
        const chosen = oneProfile(machine, 'processUserProfileId', 'processSystemProfileId');
        const config = { ...DEFAULT_PRINTER_CONFIG, ...row.providerConfig, ...providerConfig };
        await updateEntity(tx, printer, printerId, { ...chosen, providerConfig: config });
        return tx.get(printer, printerId);
      }),
  });

  /** @returns those that there are. @throws ApiError managed_by_config */
  async function removable(printerIds: readonly string[], context: CallContext): Promise<readonly string[]> {
    return database.write(context.write, async (tx) => {
      const known: string[] = [];
      for (const printerId of new Set(printerIds)) {
        if (!(await tx.find(printer, printerId))) continue;
        if ((await connectionOf(tx, printerId)).configured) throw managedByConfig('This printer', deps);
        known.push(printerId);
      }
      return known;
    });
  }

  async function removeAll(printerIds: readonly string[], context: CallContext): Promise<readonly string[]> {
    const known = await removable(printerIds, context);
    for (const printerId of known) {
      await runner.printerRemoved(printerId);
      await fleet.remove(printerId);
      await database.write(context.write, async (tx) => {
        // Somebody else may have been quicker.
        if (await tx.find(printer, printerId)) await removeEntity(tx, printer, printerId);
      });
    }
    return known;
  }

  const remove = operation({
    id: 'printers.delete',
    method: 'DELETE',
    path: '/v1/printers/{id}',
    status: 200,
    summary: 'Forget a printer; a print in progress goes on without us',
    permissions: ['printer.delete'],
    params: idParam,
    body: null,
    answer: () => ids,
    async run({ params }, context) {
      const removed = await removeAll([params.id], context);
      if (removed.length === 0) throw notFound(printer.label, params.id);
      return removed;
    },
  });

  const removeMany = operation({
    id: 'printers.deleteMany',
    method: 'DELETE',
    path: '/v1/printers',
    status: 200,
    summary: 'Forget many printers',
    permissions: ['printer.delete'],
    params: noParams,
    body: z.object({ ids }),
    answer: () => ids,
    run: ({ body }, context) => removeAll(body.ids, context),
  });

  return [
    ...standardOperations(printer, deps),
    ...standardOperations(printerSlot, deps),
    setConfig,
    ...standingOperations(deps),
    updateMulti,
    updateMany,
    removeMany,
    updateOne,
    rename,
    remove,
    ...registrationOperations(deps),
  ];
}
