import { z } from 'zod';
import { knownCustomer } from '../../domain/customers.js';
import { readRow } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { customer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { plainListOperation, standardOperations } from '../standard.js';
import { newCustomer } from './bodies.js';

const CUSTOMERS = '/v1/orders/customers';

export function customerOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const all = plainListOperation(customer, deps, {
    id: 'customer.all',
    path: CUSTOMERS,
    summary: 'List every customer of the store, whole',
    params: noParams,
  });

  const get = operation({
    id: 'customers.get',
    method: 'GET',
    path: `${CUSTOMERS}/{customerId}`,
    status: 200,
    summary: 'Read one customer',
    permissions: ['order.view'],
    params: z.object({ customerId: id }),
    body: null,
    answer: () => answered(customer),
    run: async ({ params }, { caller }) =>
      customer.present(await readRow(database.read, customer, caller.storeId, params.customerId), presenter),
  });

  const create = operation({
    id: 'customers.create',
    method: 'POST',
    path: CUSTOMERS,
    status: 201,
    summary: 'Make a customer; the one with that e-mail address is answered where there is one',
    permissions: ['order.create'],
    params: noParams,
    body: newCustomer,
    answer: () => answered(customer),
    async run({ body }, { write }) {
      const row = await database.write(write, async (tx) => tx.get(customer, await knownCustomer(tx, body)));
      return customer.present(row, presenter);
    },
  });

  return [...standardOperations(customer, deps), all, get, create];
}
