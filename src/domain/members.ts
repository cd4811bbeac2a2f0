import type { Kysely } from 'kysely';
import { ApiError, notFound } from '../contract/errors.js';
import {
  allPermissions,
  effectivePermissions,
  PERMISSIONS,
  type Permission,
} from '../contract/permissions.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { type Tables, user, userPermission, userRole } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { assignableRoles, type Role } from './roles.js';

export type User = Row<typeof user>;

/** A user with what it holds. */
export interface Member {
  readonly user: User;
  readonly isOwner: boolean;
  /** Given directly, as rows in the order of the list of permissions; without the owner's mark. */
  readonly permissions: readonly Row<typeof userPermission>[];
  /** The owner's role is not among them: it is not given. */
  readonly roles: readonly Role[];
  /** All that it may do. */
  readonly effective: ReadonlySet<Permission>;
}

/** A user who belongs to the store. @returns null for one who is not there or has left */
export async function memberOf(db: Kysely<Tables>, storeId: string, userId: string): Promise<Member | null> {
  const [raw] = await db
    .selectFrom('user')
    .selectAll()
    .where('id', '=', userId)
    .where('storeId', '=', storeId)
    .where('removedAt', 'is', null)
    .execute();
  if (!raw) return null;
  const [member] = await withHoldings(db, storeId, [decodeRow(user, raw)]);
  return member ?? null;
}

/** @throws ApiError not_found */
export async function requireMember(db: Kysely<Tables>, storeId: string, userId: string): Promise<Member> {
  const member = await memberOf(db, storeId, userId);
  if (!member) throw notFound(user.label, userId);
  return member;
}

/** Everybody who belongs to the store, those who came first in front. */
export async function membersOf(db: Kysely<Tables>, storeId: string): Promise<readonly Member[]> {
  const rows = await db
    .selectFrom('user')
    .selectAll()
    .where('storeId', '=', storeId)
    .where('removedAt', 'is', null)
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  return withHoldings(
    db,
    storeId,
    rows.map((raw) => decodeRow(user, raw)),
  );
}

async function withHoldings(
  db: Kysely<Tables>,
  storeId: string,
  users: readonly User[],
): Promise<readonly Member[]> {
  // One person is looked up by index, everybody by reading the small tables whole.
  const only = users.length === 1 ? users[0]?.id : undefined;
  let permissions = db.selectFrom('userPermission').selectAll().where('storeId', '=', storeId);
  let roles = db.selectFrom('userRole').select(['userId', 'roleId']).where('storeId', '=', storeId);
  if (only !== undefined) {
    permissions = permissions.where('userId', '=', only);
    roles = roles.where('userId', '=', only);
  }
  const place = new Map<string, number>(PERMISSIONS.map((permission, index) => [permission, index]));
  const direct = (await permissions.execute())
    .map((raw) => decodeRow(userPermission, raw))
    .sort((a, b) => (place.get(a.permission) ?? 0) - (place.get(b.permission) ?? 0));
  const held = await roles.execute();
  const known = await assignableRoles(db, storeId, [...new Set(held.map(({ roleId }) => roleId))]);
  return users.map((one) => {
    const own = direct.filter(({ userId }) => userId === one.id);
    const isOwner = own.some(({ permission }) => permission === 'organization.owner');
    const theirs = held.filter(({ userId }) => userId === one.id).map(({ roleId }) => roleId);
    const holding = known.filter(({ id }) => theirs.includes(id));
    return {
      user: one,
      isOwner,
      permissions: own.filter(({ permission }) => permission !== 'organization.owner'),
      roles: holding,
      effective: isOwner
        ? allPermissions()
        : effectivePermissions([
            ...own.map(({ permission }) => permission),
            ...holding.flatMap((role) => role.permissions),
          ]),
    };
  });
}

/** What a user may do; null for one who does not belong to the store. */
export async function userPermissions(
  db: Kysely<Tables>,
  storeId: string,
  userId: string,
): Promise<ReadonlySet<Permission> | null> {
  return (await memberOf(db, storeId, userId))?.effective ?? null;
}

/** Gives those of these roles that the user does not hold. */
export async function addRoles(tx: Transaction, userId: string, roleIds: readonly string[]): Promise<void> {
  const { storeId } = tx.context;
  const held = new Set((await roleRows(tx, userId)).map(({ roleId }) => roleId));
  for (const roleId of new Set(roleIds))
    if (!held.has(roleId)) await tx.insert(userRole, { storeId, userId, roleId });
}

/** Takes these roles away; those it does not hold are passed over. */
export async function removeRoles(
  tx: Transaction,
  userId: string,
  roleIds: ReadonlySet<string>,
): Promise<void> {
  for (const { id, roleId } of await roleRows(tx, userId))
    if (roleIds.has(roleId)) await tx.remove(userRole, id);
}

async function roleRows(tx: Transaction, userId: string) {
  return tx.db
    .selectFrom('userRole')
    .select(['id', 'roleId'])
    .where('storeId', '=', tx.context.storeId)
    .where('userId', '=', userId)
    .execute();
}

/** Gives those of these permissions that the user does not hold directly. */
export async function addPermissions(
  tx: Transaction,
  userId: string,
  permissions: readonly Permission[],
): Promise<void> {
  const { storeId } = tx.context;
  const held = new Set((await permissionRows(tx, userId)).map(({ permission }) => permission));
  for (const permission of new Set(permissions))
    if (!held.has(permission)) await tx.insert(userPermission, { storeId, userId, permission });
}

/** Takes these permissions away; the owner's mark stays, whatever is asked. */
export async function removePermissions(
  tx: Transaction,
  userId: string,
  permissions: ReadonlySet<string>,
): Promise<void> {
  for (const { id, permission } of await permissionRows(tx, userId))
    if (permission !== 'organization.owner' && permissions.has(permission))
      await tx.remove(userPermission, id);
}

async function permissionRows(tx: Transaction, userId: string) {
  return tx.db
    .selectFrom('userPermission')
    .select(['id', 'permission'])
    .where('storeId', '=', tx.context.storeId)
    .where('userId', '=', userId)
    .execute();
}

/** Takes a user out of the store with all that it holds; the account stays, so that it can be invited again. */
export async function removeMember(tx: Transaction, userId: string): Promise<User> {
  const member = await requireMember(tx.db, tx.context.storeId, userId);
  if (member.isOwner) {
    throw new ApiError(
      'conflict',
      'The owner cannot leave the store: name with transferOwnershipTo who owns it from then on',
    );
  }
  await removeRoles(tx, userId, new Set((await roleRows(tx, userId)).map(({ roleId }) => roleId)));
  await removePermissions(tx, userId, new Set(member.permissions.map(({ permission }) => permission)));
  return tx.update(user, userId, { removedAt: tx.now });
}

/** The user who owns the store; null before there is one. */
export async function ownerIdOf(db: Kysely<Tables>, storeId: string): Promise<string | null> {
  const row = await db
    .selectFrom('userPermission')
    .select('userId')
    .where('storeId', '=', storeId)
    .where('permission', '=', 'organization.owner')
    .executeTakeFirst();
  return row?.userId ?? null;
}

/** Hands the store on to another member. @throws ApiError not_found */
export async function transferOwnership(tx: Transaction, toUserId: string): Promise<void> {
  const { storeId } = tx.context;
  await requireMember(tx.db, storeId, toUserId);
  const rows = await tx.db
    .selectFrom('userPermission')
    .select(['id', 'userId'])
    .where('storeId', '=', storeId)
    .where('permission', '=', 'organization.owner')
    .execute();
  if (rows.some(({ userId }) => userId === toUserId)) return;
  for (const { id } of rows) await tx.remove(userPermission, id);
  await tx.insert(userPermission, { storeId, userId: toUserId, permission: 'organization.owner' });
}
