import { z } from 'zod';
import { disconnectIntegration } from '../../domain/integrations.js';
import { readRow } from '../../query/read-rows.js';
import { order } from '../../resources/index.js';
import { shopifyPublicData, shopifySettings } from '../../resources/integration-shapes.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { name, notConnected, readShop, shopOperations, shopParam } from './shops.js';

const said = shopifyPublicData.partial().catch({});

const SHOPIFY = '/v1/integrations/shopify';

export function shopifyOperations(deps: Deps): Operation[] {
  const { database } = deps;

  const disconnect = operation({
    id: 'integrations.shopify.disconnect',
    method: 'POST',
    path: `${SHOPIFY}/{integrationId}/disconnect`,
    status: 201,
    summary: 'Give up the access to a shop; its orders and settings stay',
    permissions: ['integration.manage'],
    params: shopParam,
    body: null,
    answer: () => z.object({ message: z.string() }),
    async run({ params }, { caller, write }) {
      const { id } = await readShop(deps, caller.storeId, 'shopify', params.integrationId);
      await database.write(write, (tx) => disconnectIntegration(tx, id));
      return { message: `The shopify integration ${id} is disconnected; its orders stay` };
    },
  });

  const enrich = operation({
    id: 'integrations.shopify.retryVariantEnrichment',
    method: 'POST',
    path: `${SHOPIFY}/orders/{orderId}/retry-variant-enrichment`,
    status: 201,
    summary: 'Ask the shop again for the options of the items of an order',
    permissions: ['order.edit'],
    params: z.object({ orderId: name }),
    body: null,
    answer: () => z.object({ updated: z.int().min(0), failed: z.int().min(0) }),
    async run({ params }, { caller }) {
      const { integrationId } = await readRow(database.read, order, caller.storeId, params.orderId);
      throw notConnected({ type: 'shopify' }, integrationId ?? `of order ${params.orderId}`);
    },
  });

  return [
    ...shopOperations(deps, {
      type: 'shopify',
      settings: shopifySettings,
      defaults: {
        autoPrint: false,
        writeProgressTags: false,
        autoCloseOrders: 'never',
        tagWhenPrinted: '',
        propertyWhitelist: [],
        ignoredVariantNames: [],
      },
      listed: () =>
        z.object({
          integrationId: z.string(),
          shop: z.string(),
          shopName: z.string(),
          connectedAt: z.iso.datetime(),
        }),
      list(row) {
        const { shopName = '', shopDomain = row.externalId ?? '' } = said.parse(row.publicData);
        return { integrationId: row.id, shop: shopDomain, shopName, connectedAt: row.createdAt };
      },
      about: () => ({
        shop: z.string().optional(),
        connectedAt: z.iso.datetime().optional(),
        lastSyncedAt: z.iso.datetime().optional(),
      }),
    }),
    disconnect,
    enrich,
  ];
}
