import { z } from 'zod';
import { ORDER_SOURCES, POSITIONS } from '../../contract/enums.js';
import { answered } from '../../resources/answered.js';
import { printJob } from '../../resources/index.js';
import { notYet } from '../not-yet.js';
import type { Operation } from '../operation.js';
import { id, ids, noParams } from '../schemas.js';

const reconcileBody = z.object({
  /** Empty stands for all SKUs of the orders. */
  skuIds: ids,
  orderIds: ids.optional(),
  printerTags: z.record(z.string(), z.string()).optional(),
  /** Real clients also write it as a word. */
  priority: z.union([z.literal(100), z.literal(1000), z.enum(['low', 'normal', 'high'])]).optional(),
  position: z.enum(POSITIONS).optional(),
});

/** Making jobs for orders, and finding them again. */
export function printOperations(): Operation[] {
  const reconcile = (word: 'print' | 'reconcile') =>
    notYet({
      id: `orders.${word}`,
      method: 'POST',
      path: `/v1/orders/${word}`,
      status: 201,
      summary: 'Make the jobs that orders lack, and cancel those that are too many',
      permissions: ['order.print'],
      params: noParams,
      body: reconcileBody,
      answer: () => z.object({ errors: z.array(z.string()) }),
    });

  const byExternal = notYet({
    id: 'orders.jobsByExternal',
    method: 'GET',
    path: '/v1/orders/by-external/{source}/{externalId}/jobs',
    status: 200,
    summary: 'List the jobs of an order by its id in the shop',
    permissions: ['order.view'],
    params: z.object({
      source: z.enum(ORDER_SOURCES),
      externalId: z.string().regex(/^\P{Cc}{1,1024}$/u, 'the id of an order in the shop'),
    }),
    body: null,
    answer: () => z.object({ orderId: id, jobs: z.array(answered(printJob)) }),
  });

  return [reconcile('print'), reconcile('reconcile'), byExternal];
}
