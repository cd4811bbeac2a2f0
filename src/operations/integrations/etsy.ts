import { sql } from 'kysely';
import { z } from 'zod';
import { timestamp } from '../../contract/time.js';
import { answered } from '../../resources/answered.js';
import { order } from '../../resources/index.js';
import { etsyPublicData, etsySettings } from '../../resources/integration-shapes.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { name, notConnected, readShop, shopOperations, shopParam } from './shops.js';

const said = etsyPublicData.partial().catch({});

const count = z.int().min(0);
const used = z.object({ current: count, limit: count.nullable(), remaining: count.nullable() });

const ETSY = '/v1/integrations/etsy/{integrationId}';

export function etsyOperations(deps: Deps): Operation[] {
  const usage = operation({
    id: 'integrations.etsy.usage',
    method: 'GET',
    path: `${ETSY}/usage`,
    status: 200,
    summary: 'Count the orders and listings of a shop in this calendar month (UTC); nothing is limited',
    permissions: ['integration.view'],
    params: shopParam,
    body: null,
    answer: () =>
      z.object({
        tier: z.enum(['etsy-starter', 'etsy-pro']).nullable(),
        orders: used,
        listings: used,
        cycleStartDate: z.iso.datetime(),
        cycleEndDate: z.iso.datetime(),
      }),
    async run({ params }, { caller }) {
      const { id } = await readShop(deps, caller.storeId, 'etsy', params.integrationId);
      const [from, to] = monthOf(deps.clock.now());
      const { orders, listings } = await countBetween(deps, id, from, to);
      return {
        tier: null,
        orders: { current: orders, limit: null, remaining: null },
        listings: { current: listings, limit: null, remaining: null },
        cycleStartDate: from,
        cycleEndDate: to,
      };
    },
  });

  const sync = operation({
    id: 'integrations.etsy.syncOrders',
    method: 'POST',
    path: `${ETSY}/sync-orders`,
    status: 201,
    summary: 'Fetch the open orders of a shop',
    permissions: ['integration.manage'],
    params: shopParam,
    body: null,
    answer: () =>
      z.object({
        orders: z.array(answered(order)),
        totalSynced: count,
        totalAvailable: count,
        skipped: count,
        limitReached: z.boolean(),
      }),
    async run({ params }, { caller }) {
      const row = await readShop(deps, caller.storeId, 'etsy', params.integrationId);
      throw notConnected(row, row.id);
    },
  });

  const listing = operation({
    id: 'integrations.etsy.listing',
    method: 'GET',
    path: `${ETSY}/listing/{listingId}`,
    status: 200,
    summary: 'Read a listing of a shop',
    permissions: ['integration.view'],
    params: shopParam.extend({ listingId: name }),
    body: null,
    answer: null,
    async run({ params }, { caller }) {
      const row = await readShop(deps, caller.storeId, 'etsy', params.integrationId);
      throw notConnected(row, row.id);
    },
  });

  return [
    ...shopOperations(deps, {
      type: 'etsy',
      settings: etsySettings,
      defaults: { autoPrint: false, autoCloseOrders: 'never', ignoredVariantNames: [] },
      listed: () => z.object({ integrationId: z.string(), shopId: z.string(), shopName: z.string() }),
      list(row) {
        const { shopId = row.externalId ?? '', shopName = '' } = said.parse(row.publicData);
        return { integrationId: row.id, shopId, shopName };
      },
      about: () => ({
        shopId: z.string().optional(),
        shopName: z.string().optional(),
        shopUrl: z.string().optional(),
        lastSyncedAt: z.iso.datetime().optional(),
      }),
    }),
    usage,
    sync,
    listing,
  ];
}

/** The calendar month of that moment, and the beginning of the next. */
function monthOf(at: number): readonly [string, string] {
  const now = new Date(at);
  const start = (month: number) => timestamp(Date.UTC(now.getUTCFullYear(), month));
  return [start(now.getUTCMonth()), start(now.getUTCMonth() + 1)];
}

async function countBetween({ database }: Deps, integrationId: string, from: string, to: string) {
  const found = await sql<{ orders: number; listings: number }>`
    select count(distinct "order"."id") as "orders", count(distinct "orderItem"."externalProductId") as "listings"
    from "order" left join "orderItem" on "orderItem"."orderId" = "order"."id"
    where "order"."integrationId" = ${integrationId}
    and "order"."createdAt" >= ${from} and "order"."createdAt" < ${to}
  `.execute(database.read);
  const [row] = found.rows;
  return { orders: row?.orders ?? 0, listings: row?.listings ?? 0 };
}
