import { z } from 'zod';
import { updateEntity } from '../../domain/entities.js';
import { cancelOrder, removeOrder } from '../../domain/orders.js';
import { readRow, readRows } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { customer, order, orderItem } from '../../resources/index.js';
import { updateInput } from '../../resources/inputs.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { batchOperations } from './batches.js';
import { newOrder, orderParam } from './bodies.js';
import { customerOperations } from './customers.js';
import { detailsOf, orderDetails } from './details.js';
import { ignoredSkuOperations } from './ignored-skus.js';
import { itemOperations } from './items.js';
import { printOperations } from './print.js';

/** Orders and all that belongs to them; the rules are in `domain/orders.ts` and beside it. */
export function orderOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;
  const entity: Resource = order;

  const create = operation({
    id: 'orders.create',
    method: 'POST',
    path: '/v1/orders',
    status: 201,
    summary: 'Make an order with its customer and items, all of it or nothing',
    permissions: ['order.create'],
    params: noParams,
    body: newOrder,
    answer: orderDetails,
    async run({ body }, { write }) {
      // Not before the first order comes: a start has enough to read.
      const { takeOrder } = await import('../../domain/auto-print.js');
      return database.write(write, async (tx) =>
        detailsOf(deps, tx.db, write.storeId, await takeOrder(tx, body)),
      );
    },
  });

  const get = operation({
    id: 'orders.get',
    method: 'GET',
    path: '/v1/orders/{orderId}',
    status: 200,
    summary: 'Read an order with its customer and items',
    permissions: ['order.view'],
    params: orderParam,
    body: null,
    answer: orderDetails,
    run: ({ params }, { caller }) => detailsOf(deps, database.read, caller.storeId, params.orderId),
  });

  const only = operation({
    id: 'orders.only',
    method: 'GET',
    path: '/v1/orders/{orderId}/only',
    status: 200,
    summary: 'Read an order alone',
    permissions: ['order.view'],
    params: orderParam,
    body: null,
    answer: () => answered(order),
    run: async ({ params }, { caller }) =>
      order.present(await readRow(database.read, order, caller.storeId, params.orderId), presenter),
  });

  const full = operation({
    id: 'orders.full',
    method: 'GET',
    path: '/v1/orders/full',
    status: 200,
    summary: 'Read all orders, items and customers of the store',
    permissions: ['order.view'],
    params: noParams,
    body: null,
    answer: () =>
      z.object({
        orders: z.array(answered(order)),
        orderItems: z.array(answered(orderItem)),
        customers: z.array(answered(customer)),
      }),
    async run(_input, { caller: { storeId } }) {
      const orders = await readRows(database.read, order, storeId);
      const items = await readRows(database.read, orderItem, storeId);
      const customers = await readRows(database.read, customer, storeId);
      return {
        orders: orders.map((row) => order.present(row, presenter)),
        orderItems: items.map((row) => orderItem.present(row, presenter)),
        customers: customers.map((row) => customer.present(row, presenter)),
      };
    },
  });

  const update = operation({
    id: 'orders.update',
    method: 'PUT',
    path: '/v1/orders/{orderId}',
    status: 200,
    summary: 'Change an order; what is left out stays',
    permissions: ['order.edit'],
    params: orderParam,
    body: updateInput(order),
    answer: () => answered(order),
    async run({ params, body }, { write }) {
      const row = await database.write(write, (tx) => updateEntity(tx, order, params.orderId, body));
      return entity.present(row, presenter);
    },
  });

  const cancel = operation({
    id: 'orders.cancel',
    method: 'POST',
    path: '/v1/orders/{orderId}/cancel',
    status: 201,
    summary: 'Cancel an order with its jobs that wait; what is with a printer goes on',
    permissions: ['order.edit'],
    params: orderParam,
    body: null,
    answer: orderDetails,
    run: ({ params: { orderId } }, { write }) =>
      database.write(write, async (tx) => {
        await cancelOrder(tx, orderId);
        return detailsOf(deps, tx.db, write.storeId, orderId);
      }),
  });

  const remove = operation({
    id: 'orders.delete',
    method: 'DELETE',
    path: '/v1/orders/{orderId}',
    status: 200,
    summary: 'Delete an order with its items; its jobs that wait are cancelled, the others stay without it',
    permissions: ['order.delete'],
    params: orderParam,
    body: null,
    answer: () => z.object({ id }),
    async run({ params: { orderId } }, { write }) {
      await database.write(write, (tx) => removeOrder(tx, orderId));
      return { id: orderId };
    },
  });

  return [
    ...standardOperations(order, deps),
    create,
    full,
    get,
    only,
    update,
    cancel,
    remove,
    ...batchOperations(deps),
    ...itemOperations(deps),
    ...customerOperations(deps),
    ...ignoredSkuOperations(deps),
    ...printOperations(deps),
  ];
}
