import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { takeLogos } from '../../domain/store-logos.js';
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
    summary: 'Change the name, the addresses and the logos of the store',
    permissions: ['organization.edit'],
    params: noParams,
    body: z.object({
      name: z.string().min(1).max(1024).optional(),
      timezone: z.string().nullable().optional(),
      country: z.string().nullable().optional(),
      websiteUrl: z.string().max(2_048).nullable().optional(),
      logoLightUploadPath: z.string().max(4_096).nullable().optional(),
      logoDarkUploadPath: z.string().max(4_096).nullable().optional(),
    }),
    answer: () => answered(store),
    async run({ body }, { write }) {
      const { logoLightUploadPath: light, logoDarkUploadPath: dark, ...values } = body;
      const row = await database.write(write, async (tx) =>
        tx.update(store, write.storeId, { ...values, ...(await takeLogos(tx, { light, dark })) }),
      );
      return store.present(row, presenter);
    },
  });

  return [list, update];
}
