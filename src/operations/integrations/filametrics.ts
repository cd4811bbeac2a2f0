import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

const connection = () => z.object({ connected: z.boolean() });

/** A service that counts material. Nothing is sent to it yet, so it is never connected. */
export function filametricsOperations(): Operation[] {
  const status = operation({
    id: 'filametrics.status',
    method: 'GET',
    path: '/v1/filametrics/status',
    status: 200,
    summary: 'Say whether material usage is sent to Filametrics',
    permissions: ['integration.view'],
    params: noParams,
    body: null,
    answer: connection,
    run: async () => ({ connected: false }),
  });

  const connect = operation({
    id: 'filametrics.connect',
    method: 'POST',
    path: '/v1/filametrics/connect',
    status: 201,
    summary: 'Send material usage to Filametrics',
    permissions: ['integration.manage'],
    params: noParams,
    body: null,
    answer: connection,
    run: async () => {
      throw new ApiError(
        'not_configured',
        'This version of the daemon sends material usage nowhere: it has no setting for the address of Filametrics',
      );
    },
  });

  const disconnect = operation({
    id: 'filametrics.disconnect',
    method: 'POST',
    path: '/v1/filametrics/disconnect',
    status: 201,
    summary: 'Send material usage to Filametrics no longer',
    permissions: ['integration.manage'],
    params: noParams,
    body: null,
    answer: connection,
    run: async () => ({ connected: false }),
  });

  return [status, connect, disconnect];
}
