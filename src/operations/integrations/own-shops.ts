import { z } from 'zod';
import { addShop, removeShop } from '../../domain/integrations.js';
import { answered } from '../../resources/answered.js';
import { integration } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, idParam, noParams } from '../schemas.js';

const words = z.string().trim().min(1).max(1024);

/** Shops whose orders a program of the farm's own sends in; the contract only knows those that a cloud connects. */
export function ownShopOperations({ database, presenter }: Deps): Operation[] {
  const add = operation({
    id: 'local.integrations.create',
    method: 'POST',
    path: '/local/integrations',
    status: 201,
    summary: 'Make an integration for a shop whose orders are sent in by another program',
    permissions: ['integration.manage'],
    params: noParams,
    body: z.object({ type: z.enum(['etsy', 'shopify']), externalId: words, name: words }),
    answer: () => answered(integration),
    run: async ({ body }, { write }) =>
      integration.present(await database.write(write, (tx) => addShop(tx, body)), presenter),
  });

  const remove = operation({
    id: 'local.integrations.delete',
    method: 'DELETE',
    path: '/local/integrations/{id}',
    status: 200,
    summary: 'Forget a shop; its orders stay, without it',
    permissions: ['integration.manage'],
    params: idParam,
    body: null,
    answer: () => z.object({ id }),
    async run({ params }, { write }) {
      await database.write(write, (tx) => removeShop(tx, params.id));
      return { id: params.id };
    },
  });

  return [add, remove];
}
