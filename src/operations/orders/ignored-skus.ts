import { z } from 'zod';
import { editIgnored, ignoredList } from '../../domain/ignored-skus.js';
import { systemContext } from '../../domain/stores.js';
import { readRows } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { ignoredSku } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';

const LIST = '/v1/orders/ignored-skus';

const codes = z.array(z.string().min(1).max(1024)).max(10_000);

/** Codes that nothing is printed for. */
export function ignoredSkuOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const get = operation({
    id: 'ignoredSkus.get',
    method: 'GET',
    path: LIST,
    status: 200,
    summary: 'Read the list of ignored SKUs',
    permissions: ['order.view'],
    params: noParams,
    body: null,
    answer: () => answered(ignoredSku),
    async run(_input, { caller: { storeId } }) {
      const [known] = await readRows(database.read, ignoredSku, storeId);
      // The contract has no answer for a store without a list: it is begun then, by the daemon itself.
      const row = known ?? (await database.write(systemContext(storeId), ignoredList));
      return ignoredSku.present(row, presenter);
    },
  });

  const edit = operation({
    id: 'ignoredSkus.edit',
    method: 'PATCH',
    path: LIST,
    status: 200,
    summary: 'Put SKUs on the list of ignored ones or take them off; unprocessed items follow',
    permissions: ['order.edit'],
    params: noParams,
    body: z.object({ add: codes.optional(), remove: codes.optional() }),
    answer: () => answered(ignoredSku).nullable(),
    async run({ body: { add = [], remove = [] } }, { write }) {
      const row = await database.write(write, (tx) => editIgnored(tx, { add, remove }));
      return row && ignoredSku.present(row, presenter);
    },
  });

  const check = operation({
    id: 'ignoredSkus.check',
    method: 'POST',
    path: `${LIST}/check`,
    status: 201,
    summary: 'Say of each SKU whether it is ignored',
    permissions: ['order.view'],
    params: noParams,
    body: z.object({ skus: codes }),
    answer: () => z.record(z.string(), z.boolean()),
    async run({ body }, { caller }) {
      const [list] = await readRows(database.read, ignoredSku, caller.storeId);
      const ignored = new Set(list?.skus);
      return Object.fromEntries(body.skus.map((code) => [code, ignored.has(code)]));
    },
  });

  return [...standardOperations(ignoredSku, deps), get, edit, check];
}
