import { notFound } from '../../contract/errors.js';
import { printer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam, ids, noParams } from '../schemas.js';
import { sendCommandRequest } from './command-bodies.js';
import type { CommandTeller } from './command-teller.js';

export function printerCommandOperations({ database }: Deps, teller: CommandTeller): Operation[] {
  const send = operation({
    id: 'printerCommands.send',
    method: 'POST',
    path: '/v1/printer-commands/send',
    status: 201,
    summary: 'Send a command to printers; answers the ids of those that got it, the others are left out',
    permissions: ['printer.control'],
    params: noParams,
    body: sendCommandRequest,
    answer: () => ids,
    async run({ body }, context) {
      const printerIds = [...new Set(body.ids)];
      await requirePrinters(printerIds, context.caller.storeId);
      return teller.tell(printerIds, body.command, context);
    },
  });

  const recent = operation({
    id: 'local.printers.commands',
    method: 'GET',
    path: '/local/printers/{id}/commands',
    status: 200,
    summary:
      'The last 50 commands that were sent to a printer since the daemon began, and what became of each',
    permissions: ['printer.view'],
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      await requirePrinters([params.id], caller.storeId);
      return teller.of(params.id);
    },
  });

  /** @throws ApiError not_found for the first id that is no printer of the store */
  async function requirePrinters(printerIds: readonly string[], storeId: string): Promise<void> {
    const rows = await database.read
      .selectFrom('printer')
      .select('id')
      .where('storeId', '=', storeId)
      .where('id', 'in', [...printerIds])
      .execute();
    const known = new Set(rows.map((row) => row.id));
    const unknown = printerIds.find((id) => !known.has(id));
    if (unknown !== undefined) throw notFound(printer.label, unknown);
  }

  return [send, recent];
}
