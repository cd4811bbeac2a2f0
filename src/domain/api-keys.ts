import type { Kysely } from 'kysely';
import { newId } from '../contract/ids.js';
import { allPermissions, effectivePermissions, type Permission } from '../contract/permissions.js';
import type { Transaction } from '../database/transaction.js';
import { apiKey, type Tables } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { assignableRoles } from './roles.js';
import { newSecret } from './secrets.js';

export type ApiKey = Row<typeof apiKey>;

export interface NewKey {
  readonly name: string;
  readonly fullAccess?: boolean;
  readonly permissions?: readonly string[];
  readonly roleIds?: readonly string[];
  readonly ipAllowlist?: readonly string[] | null;
  readonly expiresAt?: string | null;
  readonly createdBy?: string | null;
}

/** Makes a key. The whole key (id and secret) is in the answer and nowhere else, ever. */
export async function createKey(tx: Transaction, given: NewKey): Promise<{ row: ApiKey; key: string }> {
  const id = newId();
  const { secret, stored } = newSecret();
  const row = await tx.insert(apiKey, {
    id,
    storeId: tx.context.storeId,
    name: given.name,
    ...stored,
    fullAccess: given.fullAccess ?? false,
    permissions: given.permissions ?? [],
    roleIds: given.roleIds ?? [],
    ipAllowlist: given.ipAllowlist ?? null,
    expiresAt: given.expiresAt ?? null,
    createdBy: given.createdBy ?? null,
  });
  return { row, key: id + secret };
}

/** What the key may do: its own permissions and its roles', opened up. */
export async function keyPermissions(
  db: Kysely<Tables>,
  row: Pick<ApiKey, 'storeId' | 'fullAccess' | 'permissions' | 'roleIds'>,
): Promise<ReadonlySet<Permission>> {
  if (row.fullAccess) return allPermissions();
  const roles = await assignableRoles(db, row.storeId, row.roleIds);
  return effectivePermissions([...row.permissions, ...roles.flatMap(({ permissions }) => permissions)]);
}
