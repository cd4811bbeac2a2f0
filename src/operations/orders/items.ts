import { z } from 'zod';
import type { EntityRow } from '../../domain/entities.js';
import { addToOrder, changeItem, changeItems, removeItem } from '../../domain/order-items.js';
import { readRow } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { order, orderItem } from '../../resources/index.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { plainListOperation, standardOperations } from '../standard.js';
import { itemChanges, itemParam, manyItemChanges, newItems, orderParam } from './bodies.js';

/** The items of orders: of all, of one, and one alone. */
export function itemOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;
  const entity: Resource = orderItem;
  const present = (row: EntityRow) => entity.present(row, presenter);

  const all = plainListOperation(orderItem, deps, {
    id: 'orderItem.all',
    path: '/v1/orders/items',
    summary: 'List every order item of the store, whole',
    params: noParams,
  });

  const ofOrder = plainListOperation(orderItem, deps, {
    id: 'orders.items',
    path: '/v1/orders/{orderId}/items',
    summary: 'List the items of an order',
    params: orderParam,
    async where({ orderId }, storeId) {
      await readRow(database.read, order, storeId, orderId);
      return { kind: 'field', field: 'orderId', operator: 'eq', value: orderId };
    },
  });

  const get = operation({
    id: 'orderItems.get',
    method: 'GET',
    path: '/v1/orders/items/{itemId}',
    status: 200,
    summary: 'Read one order item',
    permissions: ['order.view'],
    params: itemParam,
    body: null,
    answer: () => answered(orderItem),
    run: async ({ params }, { caller }) =>
      orderItem.present(await readRow(database.read, orderItem, caller.storeId, params.itemId), presenter),
  });

  const add = operation({
    id: 'orders.addItems',
    method: 'POST',
    path: '/v1/orders/{orderId}/items',
    status: 201,
    summary: 'Add items to an order, all of them or none',
    permissions: ['order.edit'],
    params: orderParam,
    body: newItems,
    answer: () => z.array(answered(orderItem)),
    async run({ params, body }, { write }) {
      const rows = await database.write(write, (tx) => addToOrder(tx, params.orderId, body));
      return rows.map(present);
    },
  });

  const update = operation({
    id: 'orderItems.update',
    method: 'PUT',
    path: '/v1/orders/items/{itemId}',
    status: 200,
    summary: 'Change an order item; what is left out stays, and so do its jobs',
    permissions: ['order.edit'],
    params: itemParam,
    body: itemChanges,
    answer: () => answered(orderItem),
    run: async ({ params, body }, { write }) =>
      present(await database.write(write, (tx) => changeItem(tx, params.itemId, body))),
  });

  const updateMany = operation({
    id: 'orders.updateItems',
    method: 'PATCH',
    path: '/v1/orders/{orderId}/items/batch',
    status: 200,
    summary: 'Change items of an order, each in its own way; those that are not of it are left out',
    permissions: ['order.edit'],
    params: orderParam,
    body: manyItemChanges,
    answer: () => z.array(answered(orderItem)),
    async run({ params, body }, { write }) {
      const rows = await database.write(write, (tx) => changeItems(tx, params.orderId, body));
      return rows.map(present);
    },
  });

  const remove = operation({
    id: 'orderItems.delete',
    method: 'DELETE',
    path: '/v1/orders/items/{itemId}',
    status: 200,
    summary: 'Delete an order item; its jobs stay with the order',
    permissions: ['order.delete'],
    params: itemParam,
    body: null,
    answer: () => z.object({ id }),
    async run({ params: { itemId } }, { write }) {
      await database.write(write, (tx) => removeItem(tx, itemId));
      return { id: itemId };
    },
  });

  return [...standardOperations(orderItem, deps), all, get, ofOrder, add, update, updateMany, remove];
}
