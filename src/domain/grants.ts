import type { Kysely } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { effectivePermissions, type Permission } from '../contract/permissions.js';
import type { Tables } from '../resources/index.js';
import { requireRoles } from './roles.js';

/** What is given to a key, a user or a role. */
export interface Grant {
  readonly fullAccess?: boolean | undefined;
  readonly permissions?: readonly string[] | undefined;
  readonly roleIds?: readonly string[] | undefined;
}

/**
 * Nobody gives more than they hold.
 *
 * @throws ApiError permission_escalation, validation_failed
 */
export async function checkGrant(
  db: Kysely<Tables>,
  storeId: string,
  giver: ReadonlySet<Permission>,
  given: Grant,
): Promise<void> {
  refuseUngivable(given.permissions ?? []);
  const roles = await requireRoles(db, storeId, given.roleIds ?? []);
  if (given.fullAccess && !giver.has('organization.owner')) {
    throw new ApiError('permission_escalation', 'Only the owner or a full-access key may give full access');
  }
  const wanted = [...(given.permissions ?? []), ...roles.flatMap(({ permissions }) => permissions)];
  refuseMore(giver, effectivePermissions(wanted), 'What you give');
}

/** @throws ApiError permission_escalation for what nobody can give, not even the owner */
export function refuseUngivable(permissions: readonly string[]): void {
  if (permissions.includes('organization.owner')) {
    throw new ApiError(
      'permission_escalation',
      'organization.owner cannot be given; ownership is transferred instead',
    );
  }
  if (permissions.includes('internal.shopify'))
    throw new ApiError('permission_escalation', 'internal.shopify is for keys that an integration makes');
}

/** @throws ApiError permission_escalation when `wanted` holds something that `held` does not */
export function refuseMore(
  held: ReadonlySet<Permission>,
  wanted: ReadonlySet<Permission>,
  what: string,
): void {
  const missing = [...wanted].filter((permission) => !held.has(permission));
  if (missing.length === 0) return;
  throw new ApiError('permission_escalation', `${what} holds more than you do: ${missing.join(', ')}`, {
    requiredPermissions: missing,
  });
}
