import type { Kysely } from 'kysely';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import type { Tables } from '../resources/index.js';
import { rolesOf } from './roles.js';

const MAX_ROLES = 200;

/** There are few enough to choose from. @throws ApiError conflict */
export async function refuseManyRoles(tx: Transaction): Promise<void> {
  if ((await rolesOf(tx.db, tx.context.storeId)).length >= MAX_ROLES)
    throw new ApiError('conflict', `A store has ${MAX_ROLES} roles at most; delete one that nobody holds`);
}

/** Names tell roles apart, also from those that ship with the daemon. @throws ApiError conflict */
export async function refuseRoleTwin(tx: Transaction, id: string | null, name: string): Promise<void> {
  const twin = (await rolesOf(tx.db, tx.context.storeId)).find(
    (other) => other.id !== id && other.name.toLowerCase() === name.toLowerCase(),
  );
  if (twin) throw new ApiError('conflict', `There is a role named ${JSON.stringify(twin.name)}: ${twin.id}`);
}

/** @throws ApiError in_use, counting who holds it */
export async function refuseRoleInUse(tx: Transaction, roleId: string): Promise<void> {
  const { storeId } = tx.context;
  const users = await tx.db
    .selectFrom('userRole')
    .select('id')
    .where('roleId', '=', roleId)
    .where('storeId', '=', storeId)
    .execute();
  const keys = (await keysWithRole(tx.db, storeId, roleId)).length;
  const invitations = await tx.db
    .selectFrom('invitation')
    .select('id')
    .where('storeId', '=', storeId)
    .where('roleId', '=', roleId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .execute();
  const holders = [
    [users.length, 'members'],
    [keys, 'API keys'],
    [invitations.length, 'invitations'],
  ].filter(([count]) => count !== 0);
  if (holders.length === 0) return;
  const who = holders.map(([count, what]) => `${count} × ${what}`).join(', ');
  throw new ApiError('in_use', `The role is held by ${who}; take it from them first`);
}

/** Ids of the API keys that hold a role. */
export async function keysWithRole(
  db: Kysely<Tables>,
  storeId: string,
  roleId: string,
): Promise<readonly string[]> {
  const keys = await db
    .selectFrom('apiKey')
    .select(['id', 'roleIds'])
    .where('storeId', '=', storeId)
    .execute();
  // Keys are few, and the list is stored as JSON text.
  return keys.filter(({ roleIds }) => roleIds.includes(JSON.stringify(roleId))).map(({ id }) => id);
}
