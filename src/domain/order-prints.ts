import { sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { order, orderItem, printJob } from '../resources/index.js';
import { cancelJobs } from './jobs.js';
import { type ItemPlan, ItemPlanner, jobsOf, type NewJobs, type OrderItem } from './order-item-plan.js';
import type { Order } from './orders.js';
import { createSkuBuild } from './sku-builds.js';

/** Which orders are to have the jobs that their items want, and how new jobs are made. */
export interface OrderPrint {
  /** Null for all that are open. */
  readonly orderIds: readonly string[] | null;
  /** Only items of these; none for all items. */
  readonly skuIds: readonly string[];
  readonly newJobs: NewJobs;
  /** Items that the shop's words do not settle wait for a person, and nothing is said of them. */
  readonly onlySettled?: boolean;
}

/**
 * Gives items of open orders the jobs that they want: makes those that are missing, cancels those that wait and are too
 * many, also of items that were removed. What a printer has begun or finished counts and stays. Everything is planned
 * before anything is written: what cannot be printed leaves its item as it was and hinders no other. A second time
 * changes nothing.
 *
 * @returns what could not be done, in words
 */
export async function printOrders(tx: Transaction, request: OrderPrint): Promise<readonly string[]> {
  const errors: string[] = [];
  const orders = await ordersOf(tx, request.orderIds, errors);
  errors.push(...(await unknownSkus(tx, request.skuIds)));
  const items = await itemsOf(tx, orders, request.skuIds);
  const jobs = await jobsOf(tx, items);
  const planner = new ItemPlanner(tx, request.newJobs);
  const plans: ItemPlan[] = [];
  for (const item of items) {
    const of = orders.get(item.orderId);
    const isUnsettled = item.skuId === null || item.resolutionNote !== null;
    if (!of || (request.onlySettled && isUnsettled)) continue;
    try {
      const plan = await planner.plan(of, item, jobs.get(item.id) ?? []);
      plans.push(plan);
      errors.push(...plan.remarks.map((text) => `${nameOf(of, item)}: ${text}`));
    } catch (error) {
      // A plan writes nothing.
      if (!(error instanceof ApiError)) throw error;
      errors.push(`${nameOf(of, item)}: ${error.message}`);
    }
  }
  await cancel(tx, [...(await removedOf(tx, orders)), ...plans.flatMap(({ surplus }) => surplus)]);
  const builds = plans.flatMap((plan) => plan.builds);
  // In front of each other the last comes first.
  for (const build of request.newJobs.position === 'front' ? builds.toReversed() : builds)
    await createSkuBuild(tx, build, tx.context.actor.id);
  for (const plan of plans) await markProcessed(tx, plan);
  return errors;
}

/** Reads nothing anew where there is nothing to mark, for a farm may have thousands of open orders. */
async function markProcessed(tx: Transaction, { order: of, item }: ItemPlan): Promise<void> {
  if (item.processedStatus !== 'processed' || item.processedAt === null) {
    const processedAt = item.processedAt ?? tx.now;
    await tx.update(orderItem, item.id, { processedStatus: 'processed', processedAt });
  }
  if (of.processedAt === null) await tx.update(order, of.id, { processedAt: tx.now });
}

function nameOf({ orderNumber }: Order, { originalSku, id }: OrderItem): string {
  return `Order ${orderNumber}, item ${originalSku ?? id}`;
}

/** The open ones, the oldest first. */
async function ordersOf(
  tx: Transaction,
  wanted: OrderPrint['orderIds'],
  errors: string[],
): Promise<ReadonlyMap<string, Order>> {
  const rows = await tx.db
    .selectFrom('order')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where(wanted === null ? sql<boolean>`"status" = 'open'` : isOneOf(sql.ref('order.id'), wanted))
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  const found = new Map(rows.map((row) => decodeRow(order, row)).map((row) => [row.id, row]));
  for (const id of new Set(wanted)) if (!found.has(id)) errors.push(`There is no order ${id}`);
  for (const [id, { orderNumber, cancelledAt, status }] of found) {
    if (status === 'open') continue;
    found.delete(id);
    const state = cancelledAt === null ? 'closed' : 'cancelled';
    errors.push(
      `Order ${orderNumber} (${id}) is ${state}; nothing is printed for it until it is opened again`,
    );
  }
  return found;
}

async function unknownSkus(tx: Transaction, skuIds: readonly string[]): Promise<readonly string[]> {
  const rows = await tx.db
    .selectFrom('sku')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where(isOneOf(sql.ref('sku.id'), skuIds))
    .execute();
  const known = new Set(rows.map(({ id }) => id));
  return [...new Set(skuIds)].filter((id) => !known.has(id)).map((id) => `There is no SKU ${id}`);
}

/** Their items in the order of orders; those that are ignored are left out. */
async function itemsOf(
  tx: Transaction,
  orders: ReadonlyMap<string, Order>,
  skuIds: readonly string[],
): Promise<readonly OrderItem[]> {
  let query = tx.db
    .selectFrom('orderItem')
    .selectAll()
    .where(isOneOf(sql.ref('orderItem.orderId'), [...orders.keys()]));
  if (skuIds.length > 0) query = query.where(isOneOf(sql.ref('orderItem.skuId'), skuIds));
  const rows = await query.orderBy('createdAt').orderBy('position').orderBy('id').execute();
  const items = rows.map((row) => decodeRow(orderItem, row)).filter(({ ignored }) => ignored !== true);
  const places = new Map([...orders.keys()].map((id, index) => [id, index]));
  return items.toSorted((a, b) => (places.get(a.orderId) ?? 0) - (places.get(b.orderId) ?? 0));
}

/** Jobs that wait although their item was removed. */
async function removedOf(tx: Transaction, orders: ReadonlyMap<string, Order>): Promise<readonly string[]> {
  const rows = await tx.db
    .selectFrom('printJob')
    .select('id')
    .where(isOneOf(sql.ref('printJob.orderId'), [...orders.keys()]))
    .where('orderItemId', 'is', null)
    .where('status', '=', 'pending')
    .execute();
  return rows.map(({ id }) => id);
}

async function cancel(tx: Transaction, ids: readonly string[]): Promise<void> {
  const jobs = [];
  for (const id of ids) jobs.push(await tx.get(printJob, id));
  await cancelJobs(tx, jobs);
}
