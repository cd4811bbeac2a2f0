import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { passkey } from '../resources/index.js';
import type { Insert, Row } from '../resources/resource.js';
import { endSessionsOf } from './sessions.js';

export type Passkey = Row<typeof passkey>;

/** More devices than anybody signs in with. */
const MAX_PER_USER = 20;

/** All of a passkey but whose it is. */
export type NewPasskey = Omit<Insert<typeof passkey>, 'id' | 'storeId' | 'userId'>;

/** @throws ApiError conflict when the user has enough of them, or the device's key is known already */
export async function addPasskey(
  tx: Transaction,
  given: NewPasskey & { readonly userId: string },
): Promise<Passkey> {
  const rows = await tx.db
    .selectFrom('passkey')
    .select(['credentialId', 'userId'])
    .where((row) => row.or([row('userId', '=', given.userId), row('credentialId', '=', given.credentialId)]))
    .execute();
  if (rows.some(({ credentialId }) => credentialId === given.credentialId))
    throw new ApiError('conflict', 'This passkey is registered already');
  if (rows.length >= MAX_PER_USER)
    throw new ApiError('conflict', `A user has ${MAX_PER_USER} passkeys at most; delete one first`);
  return tx.insert(passkey, { ...given, storeId: tx.context.storeId });
}

/**
 * Notes a signature. A counter that did not go up means that somebody has a copy of the key.
 *
 * @returns false when another signature with this counter or a later one came first
 */
export async function noteSignature(
  tx: Transaction,
  id: string,
  used: { readonly counter: number; readonly credentialBackedUp: boolean },
): Promise<boolean> {
  const row = await tx.find(passkey, id);
  if (!row) return false;
  if ((row.counter > 0 || used.counter > 0) && used.counter <= row.counter) return false;
  await tx.update(passkey, id, { ...used, lastUsedAt: tx.now });
  return true;
}

/**
 * Removes a passkey of a user and ends the sessions that it opened, but the one that is kept.
 *
 * @throws ApiError not_found, in_use when the user could not sign in any more
 */
export async function removePasskey(
  tx: Transaction,
  userId: string,
  id: string,
  keptSession: string | null,
): Promise<void> {
  await ownPasskey(tx, userId, id);
  const others = await tx.db
    .selectFrom('passkey')
    .select('id')
    .where('userId', '=', userId)
    .where('id', '!=', id)
    .limit(1)
    .execute();
  if (others.length === 0) {
    throw new ApiError(
      'in_use',
      'This is the only passkey of the account, and there is no other way to sign in: register another one first',
    );
  }
  await endSessionsOf(tx, id, keptSession);
  await tx.remove(passkey, id);
}

/** @throws ApiError not_found for what is none of the user's */
export async function ownPasskey(tx: Transaction, userId: string, id: string): Promise<Passkey> {
  const row = await tx.find(passkey, id);
  if (row?.userId === userId) return row;
  throw new ApiError('not_found', `You have no passkey with id ${JSON.stringify(id)}`);
}
