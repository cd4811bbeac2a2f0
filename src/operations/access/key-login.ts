import type { Database } from '../../database/database.js';
import { decodeRow } from '../../database/rows.js';
import { keyPermissions } from '../../domain/api-keys.js';
import { secretFits } from '../../domain/secrets.js';
import { apiKey } from '../../resources/index.js';
import { listOf } from './address.js';
import type { Known } from './known.js';

/** The API key of this id, if the secret is its own. */
export async function findKey(
  { read }: Database,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<Known | null> {
  const raw = await read.selectFrom('apiKey').selectAll().where('id', '=', id).executeTakeFirst();
  const row = raw ? decodeRow(apiKey, raw) : null;
  if (!row || !secretFits(row, secret)) return null;
  const { storeId, active, expiresAt, ipAllowlist, lastUsedAt } = row;
  return {
    caller: { storeId, actor: { type: 'api_key', id }, permissions: await keyPermissions(read, row) },
    active,
    expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt),
    allowed: ipAllowlist === null || ipAllowlist.length === 0 ? null : listOf(ipAllowlist),
    restsOn: [id, ...row.roleIds],
    lastUsedMs: lastUsedAt === null ? 0 : Date.parse(lastUsedAt),
    async noteUse(tx) {
      if (await tx.find(apiKey, id)) await tx.update(apiKey, id, { lastUsedAt: tx.now });
    },
  };
}
