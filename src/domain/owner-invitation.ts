import { type Kysely, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { invitation, type Tables } from '../resources/index.js';
import { type Invited, invite } from './invitations.js';
import { ownerIdOf } from './members.js';

/**
 * Invites the owner to sign up, or, who has lost every passkey, to register a new one: whoever may use the machine owns
 * the farm. An older invitation of this kind is then worthless.
 *
 * @throws ApiError invalid_state for a store without an owner
 */
export async function inviteOwner(tx: Transaction): Promise<Invited> {
  const userId = await ownerIdOf(tx.db, tx.context.storeId);
  if (userId === null)
    throw new ApiError('invalid_state', 'The store has no owner yet: start the daemon once');
  const older = await tx.db
    .selectFrom('invitation')
    .select('id')
    .where('userId', '=', userId)
    .where('email', 'is', null)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .execute();
  for (const { id } of older) await tx.update(invitation, id, { revokedAt: tx.now });
  return invite(tx, { email: null, userId });
}

/** Whether an invitation holds that somebody with this address may use; which one, only its code tells. */
export async function isInvited(
  db: Kysely<Tables>,
  storeId: string,
  email: string,
  now: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('invitation')
    .select('id')
    .where('storeId', '=', storeId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now)
    .where((one) => one.or([one('email', 'is', null), one(sql`lower("email")`, '=', email.toLowerCase())]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
