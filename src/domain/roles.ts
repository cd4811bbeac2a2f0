import type { Kysely } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { PERMISSIONS, type Permission } from '../contract/permissions.js';
import { decodeRow } from '../database/rows.js';
import { role, type Tables } from '../resources/index.js';

/** What a holder may do, under one name. */
export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** Ships with the daemon: its id is its key, and it cannot be changed. The others are rows of the store. */
  readonly isSystem: boolean;
  readonly permissions: readonly Permission[];
}

const VIEWS: readonly Permission[] = [
  'material.view',
  'material.instance.view',
  'printer.view',
  'printer.stats',
  'profile.view',
  'queue.view',
  'build.view',
  'order.view',
  'analytics.view',
  'part.view',
  'sku.view',
  'maintenance.view',
];

const NOT_FOR_ADMINS: ReadonlySet<Permission> = new Set([
  'organization.owner',
  'organization.delete',
  'subscription.manage',
  // Stands for the one before, among others.
  'subscription.admin',
  'internal.shopify',
]);

export const OWNER_ROLE = 'owner';

export const SYSTEM_ROLES: readonly Role[] = [
  {
    id: OWNER_ROLE,
    name: 'Store Owner',
    description: 'May do everything. One person holds it; it is handed on, never given.',
    isSystem: true,
    permissions: PERMISSIONS,
  },
  {
    id: 'admin',
    name: 'Admin',
    description: 'Runs the farm: everything but deleting the store and changing its plan.',
    isSystem: true,
    permissions: PERMISSIONS.filter((permission) => !NOT_FOR_ADMINS.has(permission)),
  },
  {
    id: 'operator',
    name: 'Operator',
    description: 'Prints: works on the queue and the printers, and looks at the rest.',
    isSystem: true,
    permissions: [
      ...VIEWS,
      'material.instance.create',
      'material.instance.edit',
      'printer.edit',
      'printer.control',
      'printer.ready',
      'queue.manage',
      'job.create',
      'job.edit.own',
      'job.delete.own',
      'build.create',
      'file.download',
      'maintenance.complete',
    ],
  },
  {
    id: 'viewer',
    name: 'Viewer',
    description: 'Looks at everything that is printed and changes nothing.',
    isSystem: true,
    permissions: VIEWS,
  },
  {
    id: 'part-manager',
    name: 'Part Manager',
    description: 'Keeps parts and SKUs, and sees what becomes of them.',
    isSystem: true,
    permissions: [
      'part.view',
      'part.create',
      'part.edit',
      'part.delete',
      'part.export',
      'sku.view',
      'sku.create',
      'sku.edit',
      'sku.delete',
      'printer.view',
      'printer.stats',
      'queue.view',
      'build.view',
      'file.download',
    ],
  },
];

const shipped: ReadonlyMap<string, Role> = new Map(SYSTEM_ROLES.map((one) => [one.id, one]));

/** Every role of a store: those that ship with the daemon first, then its own by name. */
export async function rolesOf(db: Kysely<Tables>, storeId: string): Promise<readonly Role[]> {
  return [...SYSTEM_ROLES, ...(await ownRoles(db, storeId))];
}

async function ownRoles(db: Kysely<Tables>, storeId: string): Promise<readonly Role[]> {
  const rows = await db
    .selectFrom('role')
    .selectAll()
    .where('storeId', '=', storeId)
    .orderBy('name')
    .execute();
  return rows.map((raw) => ({ ...decodeRow(role, raw), isSystem: false }));
}

/** Those of these roles that can be held; ids of others, and of the owner's, are left out. */
export async function assignableRoles(
  db: Kysely<Tables>,
  storeId: string,
  ids: readonly string[],
): Promise<readonly Role[]> {
  const wanted = new Set(ids);
  const system = SYSTEM_ROLES.filter(({ id }) => id !== OWNER_ROLE && wanted.has(id));
  if (ids.every((id) => shipped.has(id))) return system;
  return [...system, ...(await ownRoles(db, storeId)).filter(({ id }) => wanted.has(id))];
}

/** @throws ApiError validation_failed for a role that is not there or cannot be given */
export async function requireRoles(
  db: Kysely<Tables>,
  storeId: string,
  ids: readonly string[],
): Promise<readonly Role[]> {
  const found = await assignableRoles(db, storeId, ids);
  const missing = ids.find((id) => !found.some((one) => one.id === id));
  if (missing === undefined) return found;
  const expected = (await rolesOf(db, storeId)).map(({ id }) => id).filter((id) => id !== OWNER_ROLE);
  throw new ApiError(
    'validation_failed',
    missing === OWNER_ROLE
      ? 'The role of the owner cannot be given; ownership is transferred instead'
      : `There is no role ${JSON.stringify(missing)}; there are ${expected.join(', ')}`,
  );
}
