import { z } from 'zod';
import type { Transaction } from '../../database/transaction.js';
import { cancelOrder, closeOrder, removeOrder, reopenOrder, withEach } from '../../domain/orders.js';
import { readRow } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { order } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { orderIds } from './bodies.js';
import { detailsOf, orderDetails } from './details.js';

type OrderIds = z.infer<typeof orderIds>;

/** What is done with many orders at once. What cannot be done with one is said in `errors`. */
export function batchOperations(deps: Deps): Operation<object, OrderIds>[] {
  const alone = async (tx: Transaction, orderId: string) =>
    order.present(await readRow(tx.db, order, tx.context.storeId, orderId), deps.presenter);
  const whole = (tx: Transaction, orderId: string) => detailsOf(deps, tx.db, tx.context.storeId, orderId);

  const batch = (given: {
    readonly act: 'close' | 'reopen' | 'cancel' | 'delete';
    readonly done: string;
    readonly summary: string;
    readonly change: (tx: Transaction, orderId: string) => Promise<void>;
    readonly show: (tx: Transaction, orderId: string) => Promise<unknown>;
    readonly shape: () => z.ZodType;
  }) =>
    operation<object, OrderIds>({
      id: `orders.${given.act}Many`,
      method: given.act === 'delete' ? 'DELETE' : 'PATCH',
      path: `/v1/orders/batch/${given.act}`,
      status: 200,
      summary: given.summary,
      permissions: [given.act === 'delete' ? 'order.delete' : 'order.edit'],
      params: noParams,
      body: orderIds,
      answer: () =>
        z.object({
          [given.done]: z.array(given.shape()),
          errors: z.array(z.object({ orderId: id, error: z.string() })),
        }),
      run: ({ body }, { write }) =>
        deps.database.write(write, async (tx) => {
          const { done, errors } = await withEach(tx, body.orderIds, given.change);
          const shown: unknown[] = [];
          for (const orderId of done) shown.push(await given.show(tx, orderId));
          return { [given.done]: shown, errors };
        }),
    });

  return [
    batch({
      act: 'close',
      done: 'closed',
      summary: 'Close open orders; their jobs stay as they are',
      change: closeOrder,
      show: alone,
      shape: () => answered(order),
    }),
    batch({
      act: 'reopen',
      done: 'reopened',
      summary: 'Open closed and cancelled orders again; cancelled jobs stay cancelled',
      change: reopenOrder,
      show: alone,
      shape: () => answered(order),
    }),
    batch({
      act: 'cancel',
      done: 'cancelled',
      summary: 'Cancel orders with their jobs that wait; what is with a printer goes on',
      change: cancelOrder,
      show: whole,
      shape: orderDetails,
    }),
    batch({
      act: 'delete',
      done: 'deleted',
      summary:
        'Delete orders with their items; their jobs that wait are cancelled, the others stay without them',
      change: removeOrder,
      show: async (_tx, orderId) => orderId,
      shape: () => id,
    }),
  ];
}
