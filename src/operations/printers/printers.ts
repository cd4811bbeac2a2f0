import { z } from 'zod';
import { COMM_METHODS, MASK } from '../../contract/enums.js';
import { ApiError, notFound } from '../../contract/errors.js';
import type { Transaction } from '../../database/transaction.js';
import {
  confirmReady,
  connectionOf,
  DEFAULT_PRINTER_CONFIG,
  type Printer,
  setContinuousPrint,
} from '../../domain/printers.js';
import { printer, printerConnection, printerSlot } from '../../resources/index.js';
import { bambuConfig } from '../../resources/shapes.js';
import type { Deps } from '../deps.js';
import { type CallContext, NOTHING, type Operation, operation } from '../operation.js';
import { id, idParam, ids, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { registrationOperations } from './registration.js';

const update = z.object({
  name: z.string().min(1).max(1024).optional(),
  tags: z.array(z.string()).max(200).optional(),
  deviceId: z.string().nullable().optional(),
  nozzleDiameter: z.string().max(16).optional(),
  enabled: z.boolean().optional(),
  commMethod: z.enum(COMM_METHODS).nullable().optional(),
  integrationId: z.string().nullable().optional(),
  integrationType: z.string().nullable().optional(),
  metadata: z.object({ dev_access_code: z.string().optional() }).nullable().optional(),
});
type UpdateBody = z.infer<typeof update>;

export function printerOperations(deps: Deps): Operation[] {
  const { database, presenter, runner, fleet, settings } = deps;
  const present = (row: Printer) => printer.present(row, presenter);

  /** Changes what the database owns; what the configuration file owns is refused with the file's name. */
  async function change(tx: Transaction, printerId: string, body: UpdateBody): Promise<Printer> {
    const row = await tx.get(printer, printerId);
    const connection = await connectionOf(tx, printerId);
    const code = body.metadata?.dev_access_code;
    const newCode = code !== undefined && code !== MASK ? code : null;
    if (newCode !== null) deps.hideSecret(newCode);
    if (body.deviceId !== undefined && body.deviceId !== row.deviceId) {
      throw new ApiError(
        'conflict',
        'deviceId: a printer is its serial number; register the other one as a new printer',
      );
    }
    if (newCode !== null && connection.configured) throw ownedByFile('The access code');
    if (newCode !== null) await tx.update(printerConnection, connection.id, { accessCode: newCode });
    const { name, tags, nozzleDiameter, enabled } = body;
    return tx.update(printer, printerId, {
      name,
      tags,
      nozzleDiameter,
      enabled,
      ...(name !== undefined && row.metadata ? { metadata: { ...row.metadata, name } } : {}),
    });
  }

  function ownedByFile(what: string): ApiError {
    return new ApiError(
      'managed_by_config',
      `${what} of this printer is set in ${settings.configFile}; change it there`,
      {
        configFile: settings.configFile,
      },
    );
  }

  async function each(
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
    return rows.map(present);
  }

  const updateOne = operation({
    id: 'printers.update',
    method: 'PATCH',
    path: '/v1/printers/{id}',
    status: 200,
    summary: 'Change a printer: name, tags, switches, access code',
    permissions: ['printer.edit'],
    params: idParam,
    body: update,
    async run({ params, body }, { write }) {
      const row = await database.write(write, (tx) => change(tx, params.id, body));
      await fleet.refresh(params.id);
      return present(row);
    },
  });

  const updateMany = operation({
    id: 'printers.updateMany',
    method: 'PATCH',
    path: '/v1/printers',
    status: 200,
    summary: 'Make the same change to many printers',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.object({ ids, update }),
    run: ({ body }, context) =>
      each(body.ids, context, (tx, printerId) => change(tx, printerId, body.update)),
  });

  const updateMulti = operation({
    id: 'printers.updateMulti',
    method: 'PATCH',
    path: '/v1/printers/multi',
    status: 200,
    summary: 'Change many printers, each in its own way; all or none',
    permissions: ['printer.edit'],
    params: noParams,
    body: z.array(update.extend({ id })).max(1_000),
    async run({ body }, { write }) {
      await database.write(write, async (tx) => {
        for (const one of body) await change(tx, one.id, one);
      });
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
    run: async ({ params, body }, { write }) =>
      present(await database.write(write, (tx) => change(tx, params.id, { name: body.name }))),
  });

  const setEnabled = operation({
    id: 'printers.enabled',
    method: 'PATCH',
    path: '/v1/printers/enabled',
    status: 200,
    summary: 'Let printers take jobs, or not',
    permissions: ['printer.control'],
    params: noParams,
    body: z.object({ enabled: z.boolean(), ids }),
    run: ({ body }, context) =>
      each(body.ids, context, (tx, printerId) => tx.update(printer, printerId, { enabled: body.enabled })),
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
    run: ({ body }, context) =>
      each(body.ids, context, (tx, printerId) => confirmReady(tx, printerId, body.ready)),
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
    run: ({ body }, context) =>
      each(
        body.ids.filter((printerId) => !body.enabled || !hasFault(printerId)),
        context,
        (tx, printerId) => setContinuousPrint(tx, printerId, body.enabled, body.jobLimit ?? null),
      ),
  });

  /** Nobody should leave a printer alone that already complains. */
  function hasFault(printerId: string): boolean {
    return fleet.live(printerId)?.report?.state.health.some((entry) => entry.source === 'hms') ?? false;
  }

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
    run: ({ body }, context) =>
      each(body.printerIds, context, async (tx, printerId) => {
        const { printerIds: _ids, providerConfig, ...profiles } = body;
        const row = await tx.get(printer, printerId);
        const config = { ...DEFAULT_PRINTER_CONFIG, ...row.providerConfig, ...providerConfig };
        return tx.update(printer, printerId, { ...profiles, providerConfig: config });
      }),
  });

  async function removeOne(printerId: string, context: CallContext): Promise<boolean> {
    const known = await database.write(context.write, async (tx) => {
      if (!(await tx.find(printer, printerId))) return false;
      if ((await connectionOf(tx, printerId)).configured) {
        throw new ApiError(
          'managed_by_config',
          `This printer is listed in ${settings.configFile}; remove it there`,
          {
            configFile: settings.configFile,
          },
        );
      }
      return true;
    });
    if (!known) return false;
    await runner.printerRemoved(printerId);
    await fleet.remove(printerId);
    await database.write(context.write, (tx) => tx.remove(printer, printerId));
    return true;
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
    async run({ params }, context) {
      if (!(await removeOne(params.id, context))) throw notFound(printer.label, params.id);
      return [params.id];
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
    async run({ body }, context) {
      const removed: string[] = [];
      for (const printerId of body.ids) if (await removeOne(printerId, context)) removed.push(printerId);
      return removed;
    },
  });

  return [
    ...standardOperations(printer, deps),
    ...standardOperations(printerSlot, deps),
    setConfig,
    setReady,
    setEnabled,
    setContinuous,
    updateMulti,
    updateMany,
    removeMany,
    updateOne,
    rename,
    remove,
    ...registrationOperations(deps),
  ];
}
