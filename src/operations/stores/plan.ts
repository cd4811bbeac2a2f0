import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { currentSubscription, featureNamed } from '../../domain/local-plan.js';
import { answered } from '../../resources/answered.js';
import { addon, addonSubscription, addonTier, entitlement, subscription } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';

const addonParam = z.object({ addonType: z.string().min(1).max(64) });

const withTiers = () =>
  answered(addon)
    .extend({ tiers: z.array(answered(addonTier)) })
    .meta({ id: 'AddonWithTiers' });

/** What the store may use: on one's own machine everything, so that clients that ask find nothing closed. */
export function planOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const check = operation({
    id: 'entitlements.check',
    method: 'GET',
    path: '/v1/entitlements/check/{entitlement}',
    status: 200,
    summary: 'Whether the store may use a feature; letter case, - and _ do not matter',
    permissions: [],
    params: z.object({ entitlement: z.string().min(1).max(255) }),
    body: null,
    answer: () => z.object({ hasEntitlement: z.boolean() }),
    async run({ params }, { caller }) {
      const feature = featureNamed(params.entitlement);
      if (feature === null) return { hasEntitlement: false };
      const row = await database.read
        .selectFrom('entitlement')
        .select('id')
        .where('storeId', '=', caller.storeId)
        .where('entitlement', '=', feature)
        .executeTakeFirst();
      return { hasEntitlement: row !== undefined };
    },
  });

  const current = operation({
    id: 'subscriptions.current',
    method: 'GET',
    path: '/v1/subscriptions',
    status: 200,
    summary: 'The plan of the store: the local one, with everything and without end',
    permissions: ['subscription.view'],
    params: noParams,
    body: null,
    answer: () => answered(subscription),
    run: async (_input, { caller }) =>
      subscription.present(await currentSubscription(database.read, caller.storeId), presenter),
  });

  const addons = operation({
    id: 'addons.list',
    method: 'GET',
    path: '/v1/addons',
    status: 200,
    summary: 'Every feature as an add-on',
    permissions: [],
    params: noParams,
    body: null,
    answer: () => z.array(answered(addon)),
    async run(_input, { caller }) {
      const rows = await database.read
        .selectFrom('addon')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .orderBy('addonType')
        .execute();
      return rows.map((raw) => addon.present(decodeRow(addon, raw), presenter));
    },
  });

  const addonOf = operation({
    id: 'addons.get',
    method: 'GET',
    path: '/v1/addons/{addonType}',
    status: 200,
    summary: 'One add-on with its tiers; null where there is none of that type',
    permissions: [],
    params: addonParam,
    body: null,
    answer: () => withTiers().nullable(),
    async run({ params }, { caller }) {
      const raw = await database.read
        .selectFrom('addon')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .where('addonType', '=', params.addonType)
        .executeTakeFirst();
      if (!raw) return null;
      const tiers = await database.read
        .selectFrom('addonTier')
        .selectAll()
        .where('addonId', '=', raw.id)
        .orderBy('displayOrder')
        .execute();
      return {
        ...addon.present(decodeRow(addon, raw), presenter),
        tiers: tiers.map((tier) => addonTier.present(decodeRow(addonTier, tier), presenter)),
      };
    },
  });

  const subscribed = operation({
    id: 'addonSubscriptions.get',
    method: 'GET',
    path: '/v1/addon-subscriptions/{addonType}',
    status: 200,
    summary: 'How the store has an add-on; null where there is none of that type',
    permissions: ['subscription.view'],
    params: addonParam,
    body: null,
    answer: () => answered(addonSubscription).nullable(),
    async run({ params }, { caller }) {
      const raw = await database.read
        .selectFrom('addonSubscription')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .where('addonType', '=', params.addonType)
        .executeTakeFirst();
      return raw ? addonSubscription.present(decodeRow(addonSubscription, raw), presenter) : null;
    },
  });

  return [
    ...standardOperations(entitlement, deps),
    ...standardOperations(subscription, deps),
    ...standardOperations(addonSubscription, deps),
    check,
    current,
    addons,
    addonOf,
    subscribed,
  ];
}
