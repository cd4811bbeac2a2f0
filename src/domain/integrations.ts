import { ApiError } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { apiKey, integration } from '../resources/index.js';
import type { IntegrationSettings } from '../resources/integration-shapes.js';
import type { Row } from '../resources/resource.js';
import { removeEntity } from './entities.js';
import { refuseTwin } from './twin.js';

export type Integration = Row<typeof integration>;

/** A shop whose orders some program of the farm's own sends in. */
export interface OwnShop {
  readonly type: 'etsy' | 'shopify';
  /** The shop's id, or its domain at Shopify. */
  readonly externalId: string;
  readonly name: string;
}

/** @throws ApiError conflict when the shop is there already */
export async function addShop(tx: Transaction, { type, externalId, name }: OwnShop): Promise<Integration> {
  await refuseTwin(tx, integration, null, { type, externalId }, 'type and externalId');
  const publicData =
    type === 'etsy' ? { shopId: externalId, shopName: name } : { shopName: name, shopDomain: externalId };
  return tx.insert(integration, { storeId: tx.context.storeId, type, externalId, publicData });
}

/** Its orders stay without it, the keys that were made for it go. @throws ApiError not_found; in_use for what printers belong to */
export async function removeShop(tx: Transaction, id: string): Promise<void> {
  const { type } = await tx.get(integration, id);
  if (type === 'bambulab')
    throw new ApiError('in_use', `The integration ${id} is what the farm's own printers belong to; it stays`);
  await disconnectIntegration(tx, id);
  await removeEntity(tx, integration, id);
}

/** Lays settings over those that are there. @throws ApiError not_found */
export async function setIntegrationSettings(
  tx: Transaction,
  id: string,
  settings: IntegrationSettings,
): Promise<Integration> {
  const row = await tx.get(integration, id);
  return tx.update(integration, id, { settings: { ...row.settings, ...settings } });
}

/**
 * Takes away the keys that were made for it; its orders stay, and so does it with its settings.
 *
 * @throws ApiError not_found
 */
export async function disconnectIntegration(tx: Transaction, id: string): Promise<void> {
  await tx.get(integration, id);
  const rows = await tx.db.selectFrom('apiKey').selectAll().where('integrationId', '=', id).execute();
  const keys = rows.map((row) => decodeRow(apiKey, row)).filter((key) => key.managed);
  for (const key of keys) await tx.remove(apiKey, key.id);
}
