import type { Kysely } from 'kysely';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import {
  addon,
  addonSubscription,
  addonTier,
  entitlement,
  subscription,
  type Tables,
} from '../resources/index.js';
import type { Row } from '../resources/resource.js';

/** What the daemon can do, in the words by which clients ask whether a store may. */
export const FEATURES = {
  sku: 'SKUs',
  orders: 'Orders',
  api: 'API access',
  'audit-logs': 'Audit log',
  maintenance: 'Maintenance',
  colorscad: 'Parametric parts with colours',
  cadquery: 'CadQuery parts',
  webhooks: 'Webhooks',
  fabmatic: 'Continuous printing',
  variants: 'SKU variants',
  etsy: 'Etsy orders',
  shopify: 'Shopify orders',
} as const;

export type Feature = keyof typeof FEATURES;

/** The feature that a client means: letter case, `-` and `_` do not matter. */
export function featureNamed(name: string): Feature | null {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const names = Object.keys(FEATURES) as Feature[];
  return names.find((feature) => plain(feature) === plain(name)) ?? null;
}

/**
 * Writes down what a store has by running on its own machine: every feature, at no cost and without end. What is
 * written already stays as it is, so that ids are stable.
 *
 * @param concurrencySlots jobs that may be at work at once; null is no limit
 */
export async function writeLocalPlan(
  tx: Transaction,
  since: string,
  concurrencySlots: number | null,
): Promise<void> {
  const { storeId } = tx.context;
  const plan = await tx.db
    .selectFrom('subscription')
    .select(['id', 'concurrencySlots'])
    .where('storeId', '=', storeId)
    .executeTakeFirst();
  if (!plan) await tx.insert(subscription, { storeId, plan: 'core', isCommercial: true, concurrencySlots });
  else if (plan.concurrencySlots !== concurrencySlots)
    await tx.update(subscription, plan.id, { concurrencySlots });
  const held = await tx.db
    .selectFrom('entitlement')
    .select('entitlement')
    .where('storeId', '=', storeId)
    .execute();
  const known = new Set(held.map((row) => row.entitlement));
  for (const [feature, name] of Object.entries(FEATURES))
    if (!known.has(feature)) await include(tx, feature, name, since);
}

async function include(tx: Transaction, feature: string, name: string, since: string): Promise<void> {
  const { storeId } = tx.context;
  await tx.insert(entitlement, { storeId, entitlement: feature, enabledAt: since });
  const made = await tx.insert(addon, { storeId, addonType: feature, name, metadata: { local: true } });
  const tier = await tx.insert(addonTier, {
    storeId,
    addonId: made.id,
    name: 'Included',
    billingType: 'subscription',
    amountMonthly: 0,
    amountYearly: 0,
  });
  await tx.insert(addonSubscription, {
    storeId,
    addonType: feature,
    addonId: made.id,
    tierId: tier.id,
    term: 'year',
  });
}

/** The store's plan. @throws Error before the store was completed */
export async function currentSubscription(
  db: Kysely<Tables>,
  storeId: string,
): Promise<Row<typeof subscription>> {
  const raw = await db
    .selectFrom('subscription')
    .selectAll()
    .where('storeId', '=', storeId)
    .executeTakeFirstOrThrow();
  return decodeRow(subscription, raw);
}
