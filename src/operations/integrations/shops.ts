import { z } from 'zod';
import type { INTEGRATION_TYPES } from '../../contract/enums.js';
import { ApiError, notFound } from '../../contract/errors.js';
import { type Integration, setIntegrationSettings } from '../../domain/integrations.js';
import { readRow, readRows } from '../../query/read-rows.js';
import { integration } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

export type Shop = Extract<(typeof INTEGRATION_TYPES)[number], 'etsy' | 'shopify'>;

/** Any word that might name something: the contract asks no more of these ids. */
export const name = z.string().regex(/^[\w-]{1,255}$/, 'an id');

export const shopParam = z.object({ integrationId: name });

/** @throws ApiError not_found, also for an integration of another kind */
export async function readShop(
  { database }: Pick<Deps, 'database'>,
  storeId: string,
  type: Shop,
  id: string,
): Promise<Integration> {
  const row = await readRow(database.read, integration, storeId, id);
  if (row.type !== type) throw notFound(`${type} ${integration.label}`, id);
  return row;
}

export function notConnected(row: Pick<Integration, 'type'>, id: string): ApiError {
  return new ApiError(
    'not_connected',
    `The ${row.type} integration ${id} is not connected, and this version of the daemon has no setting by which it ` +
      'would reach the shop. Orders can be sent to POST /v1/orders.',
  );
}

interface ShopWords<Settings extends z.ZodRawShape> {
  readonly type: Shop;
  readonly settings: z.ZodObject<Settings>;
  readonly defaults: z.output<z.ZodObject<Settings>>;
  /** One of the list. */
  readonly listed: () => z.ZodType;
  readonly list: (row: Integration) => Record<string, unknown>;
  /** What a shop that is connected says of itself, for clients that read it; none is so far. */
  readonly about: () => z.ZodRawShape;
}

/** What is the same for all shops: which there are, whether they are connected, and their settings. */
export function shopOperations<Settings extends z.ZodRawShape>(
  deps: Deps,
  shop: ShopWords<Settings>,
): Operation<{ integrationId?: string }, unknown>[] {
  const { database } = deps;
  const { type } = shop;
  const path = `/v1/integrations/${type}`;
  const changes = shop.settings.partial();
  const settingsOf = (row: Integration) => ({
    ...shop.defaults,
    ...changes.catch(() => changes.parse({})).parse(row.settings ?? {}),
  });

  const list = operation({
    id: `integrations.${type}.list`,
    method: 'GET',
    path,
    status: 200,
    summary: `List the ${type} integrations`,
    permissions: ['integration.view'],
    params: noParams,
    body: null,
    answer: () => z.array(shop.listed()),
    async run(_input, { caller }) {
      const rows = await readRows(database.read, integration, caller.storeId);
      return rows.filter((row) => row.type === type).map(shop.list);
    },
  });

  const status = operation({
    id: `integrations.${type}.status`,
    method: 'GET',
    path: `${path}/{integrationId}/status`,
    status: 200,
    summary: `Say whether a ${type} integration is connected`,
    permissions: ['integration.view'],
    params: shopParam,
    body: null,
    answer: () => z.object({ connected: z.boolean(), ...shop.about() }),
    async run({ params }, { caller }) {
      await readShop(deps, caller.storeId, type, params.integrationId);
      // The daemon has nothing that reaches a shop, and so no place for a shop's token: none is connected.
      return { connected: false };
    },
  });

  const settings = operation({
    id: `integrations.${type}.settings`,
    method: 'GET',
    path: `${path}/{integrationId}/settings`,
    status: 200,
    summary: `Read the settings of a ${type} integration`,
    permissions: ['integration.view'],
    params: shopParam,
    body: null,
    answer: () => shop.settings,
    run: async ({ params }, { caller }) =>
      settingsOf(await readShop(deps, caller.storeId, type, params.integrationId)),
  });

  const configure = operation({
    id: `integrations.${type}.configure`,
    method: 'PATCH',
    path: `${path}/{integrationId}/settings`,
    status: 200,
    summary: `Change the settings of a ${type} integration; what is left out stays`,
    permissions: ['integration.manage'],
    params: shopParam,
    body: changes,
    answer: () => shop.settings,
    async run({ params, body }, { caller, write }) {
      const { id } = await readShop(deps, caller.storeId, type, params.integrationId);
      return settingsOf(await database.write(write, (tx) => setIntegrationSettings(tx, id, body)));
    },
  });

  return [list, status, settings, configure];
}
