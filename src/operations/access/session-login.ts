import type { Database } from '../../database/database.js';
import { decodeRow } from '../../database/rows.js';
import { memberOf } from '../../domain/members.js';
import { secretFits } from '../../domain/secrets.js';
import { user, userSession } from '../../resources/index.js';
import type { Known } from './known.js';

/** The session of this id, if the secret is its own and its user belongs to the store. It may do what its user may. */
export async function findSession(
  { read }: Database,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<Known | null> {
  const raw = await read.selectFrom('userSession').selectAll().where('id', '=', id).executeTakeFirst();
  const row = raw ? decodeRow(userSession, raw) : null;
  if (!row || !secretFits(row, secret)) return null;
  const { storeId, userId, expiresAt, lastUsedAt } = row;
  const member = await memberOf(read, storeId, userId);
  if (!member) return null;
  return {
    caller: {
      storeId,
      actor: { type: 'user', id: userId },
      permissions: member.effective,
      sessionId: id,
    },
    active: true,
    expiresAtMs: Date.parse(expiresAt),
    allowed: null,
    restsOn: [id, userId, ...member.roles.map((role) => role.id)],
    lastUsedMs: lastUsedAt === null ? 0 : Date.parse(lastUsedAt),
    async noteUse(tx) {
      if (!(await tx.find(userSession, id))) return;
      await tx.update(userSession, id, { lastUsedAt: tx.now });
      await tx.update(user, userId, { lastActiveAt: tx.now });
    },
  };
}
