import { z } from 'zod';
import { ORDER_SOURCES, POSITIONS, TAG_KEYS } from '../../contract/enums.js';
import { notFound } from '../../contract/errors.js';
import type { OrderPrint } from '../../domain/order-prints.js';
import { readRows } from '../../query/read-rows.js';
import { answered } from '../../resources/answered.js';
import { order, printJob } from '../../resources/index.js';
import { tags } from '../../resources/shapes.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
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
type ReconcileBody = z.infer<typeof reconcileBody>;

/** Making jobs for orders, and finding them again. */
export function printOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const reconcile = (word: 'print' | 'reconcile') =>
    operation({
      id: `orders.${word}`,
      method: 'POST',
      path: `/v1/orders/${word}`,
      status: 201,
      summary: 'Make the jobs that orders lack, and cancel those that are too many',
      permissions: ['order.print'],
      params: noParams,
      body: reconcileBody,
      answer: () => z.object({ errors: z.array(z.string()) }),
      async run({ body }, { write }) {
        const { request, errors } = read(body);
        const { printOrders } = await import('../../domain/order-prints.js');
        const failed = await database.write(write, (tx) => printOrders(tx, request));
        return { errors: [...errors, ...failed] };
      },
    });

  const byExternal = operation({
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
    async run({ params: { source, externalId } }, { caller: { storeId } }) {
      const found = await database.read
        .selectFrom('order')
        .select('id')
        .where('storeId', '=', storeId)
        .where('source', '=', source)
        .where('externalId', '=', externalId)
        .executeTakeFirst();
      if (!found) throw notFound(`${source} ${order.label}`, externalId);
      const jobs = await readRows(database.read, printJob, storeId, { orderId: found.id });
      return { orderId: found.id, jobs: jobs.map((job) => printJob.present(job, presenter)) };
    },
  });

  return [reconcile('print'), reconcile('reconcile'), byExternal];
}

/** What a caller asks for, and what of it means nothing here. */
function read(body: ReconcileBody): { readonly request: OrderPrint; readonly errors: readonly string[] } {
  const errors: string[] = [];
  const known: [string, string][] = [];
  for (const [key, value] of Object.entries(body.printerTags ?? {})) {
    if (tags.safeParse({ [key]: value }).success) known.push([key, value]);
    else {
      const problem = TAG_KEYS.some((one) => one === key) ? 'is empty' : `is none of ${TAG_KEYS.join(', ')}`;
      errors.push(`printerTags: ${JSON.stringify(key.slice(0, 255))} ${problem}; it is left out`);
    }
  }
  const isLow = body.priority === 1000 || body.priority === 'low';
  return {
    request: {
      orderIds: body.orderIds ?? null,
      skuIds: body.skuIds,
      newJobs: {
        tags: tags.parse(Object.fromEntries(known)),
        priority: isLow ? 1000 : 100,
        position: body.position ?? 'back',
      },
    },
    errors,
  };
}
