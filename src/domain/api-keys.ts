import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { allPermissions, effectivePermissions, type Permission } from '../contract/permissions.js';
import type { Transaction } from '../database/transaction.js';
import { apiKey } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { rolePermissions } from './roles.js';

export type ApiKey = Row<typeof apiKey>;

const ID_LENGTH = 24;
const SECRET_LENGTH = 48;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const WHOLE_KEY = new RegExp(`^[a-z0-9]{${ID_LENGTH + SECRET_LENGTH}}$`);

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
  const secret = randomText(SECRET_LENGTH);
  const salt = randomBytes(16).toString('hex');
  const row = await tx.insert(apiKey, {
    id,
    storeId: tx.context.storeId,
    name: given.name,
    secretSalt: salt,
    secretHash: hash(salt, secret),
    fullAccess: given.fullAccess ?? false,
    permissions: given.permissions ?? [],
    roleIds: given.roleIds ?? [],
    ipAllowlist: given.ipAllowlist ?? null,
    expiresAt: given.expiresAt ?? null,
    createdBy: given.createdBy ?? null,
  });
  return { row, key: id + secret };
}

/** Id and secret of a whole key, null when it has not the form of one. */
export function splitKey(key: string): { id: string; secret: string } | null {
  if (!WHOLE_KEY.test(key)) return null;
  return { id: key.slice(0, ID_LENGTH), secret: key.slice(ID_LENGTH) };
}

/** Whether the secret is the key's, in constant time. */
export function secretFits(row: Pick<ApiKey, 'secretHash' | 'secretSalt'>, secret: string): boolean {
  const given = Buffer.from(hash(row.secretSalt, secret), 'hex');
  const stored = Buffer.from(row.secretHash, 'hex');
  return given.length === stored.length && timingSafeEqual(given, stored);
}

/** What the key may do: its own permissions and its roles', opened up. */
export function keyPermissions(
  row: Pick<ApiKey, 'fullAccess' | 'permissions' | 'roleIds'>,
): ReadonlySet<Permission> {
  if (row.fullAccess) return allPermissions();
  return effectivePermissions([
    ...row.permissions,
    ...row.roleIds.flatMap((id) => rolePermissions(id) ?? []),
  ]);
}

/**
 * Nobody gives more than they hold.
 *
 * @throws ApiError permission_escalation, validation_failed
 */
export function checkGrant(
  giver: ReadonlySet<Permission>,
  given: Pick<NewKey, 'fullAccess' | 'permissions' | 'roleIds'>,
): void {
  if (given.permissions?.includes('organization.owner')) {
    throw new ApiError(
      'permission_escalation',
      'organization.owner cannot be given; ownership is transferred instead',
    );
  }
  if (given.permissions?.includes('internal.shopify'))
    throw new ApiError('permission_escalation', 'internal.shopify is for keys that an integration makes');
  for (const id of given.roleIds ?? []) {
    if (!rolePermissions(id))
      throw new ApiError('validation_failed', `There is no role ${JSON.stringify(id)}`);
  }
  if (given.fullAccess && !giver.has('organization.owner')) {
    throw new ApiError('permission_escalation', 'Only the owner or a full-access key may give full access');
  }
  const wanted = keyPermissions({
    fullAccess: false,
    permissions: given.permissions ?? [],
    roleIds: given.roleIds ?? [],
  });
  refuseMore(giver, wanted, 'What you give');
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

function hash(salt: string, secret: string): string {
  return createHash('sha256').update(salt).update(secret).digest('hex');
}

/** Unbiased: bytes that would favour the first letters are thrown away. */
function randomText(length: number): string {
  let text = '';
  const fair = 256 - (256 % ALPHABET.length);
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
