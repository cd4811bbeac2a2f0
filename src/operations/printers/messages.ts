import { ApiError } from '../../contract/errors.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { idParam } from '../schemas.js';
import { requirePrinter } from './require-printer.js';

export function messageOperations({ database, fleet, settings }: Deps): Operation[] {
  const recent = operation({
    id: 'local.printers.messages',
    method: 'GET',
    path: '/local/printers/{id}/messages',
    status: 200,
    summary: 'The last MQTT messages to and from a printer, newest first, without secrets; off by default',
    permissions: ['printer.config'],
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      await requirePrinter(database, params.id, caller.storeId);
      const messages = fleet.messages(params.id);
      if (messages !== null) return messages;
      throw new ApiError(
        'invalid_state',
        `Messages are not kept. Set diagnostics.messages.enabled to true in ${settings.configFile} and send the daemon ` +
          'SIGHUP, then look again.',
      );
    },
  });

  return [recent];
}
