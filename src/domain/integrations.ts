import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { apiKey, integration } from '../resources/index.js';
import type { IntegrationSettings } from '../resources/integration-shapes.js';
import type { Row } from '../resources/resource.js';

export type Integration = Row<typeof integration>;

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
