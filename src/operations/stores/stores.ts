import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { answered } from '../../resources/answered.js';
import { store } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

export function storeOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const list = operation({
    id: 'stores.list',
    method: 'GET',
    path: '/v1/stores',
    status: 200,
    summary: 'The stores the caller can see',
    permissions: [],
    params: noParams,
    body: null,
    answer: () => z.array(answered(store)),
    async run(_input, { caller }) {
      const rows = await database.read
        .selectFrom('store')
        .selectAll()
        .where('id', '=', caller.storeId)
        .execute();
      return rows.map((row) => store.present(decodeRow(store, row), presenter));
    },
  });

  const update = operation({
    id: 'stores.update',
    method: 'PATCH',
    path: '/v1/stores',
    status: 200,
    summary: 'Change the name and addresses of the store',
    permissions: ['organization.edit'],
    params: noParams,
    body: z.object({
      name: z.string().min(1).max(1024).optional(),
      timezone: z.string().nullable().optional(),
      country: z.string().nullable().optional(),
      websiteUrl: z.string().nullable().optional(),
    }),
    answer: () => answered(store),
    async run({ body }, { write }) {
      const row = await database.write(write, (tx) => tx.update(store, write.storeId, body));
      return store.present(row, presenter);
    },
  });

  return [list, update];
}
