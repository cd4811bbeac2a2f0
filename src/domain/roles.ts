import { PERMISSIONS, type Permission } from '../contract/permissions.js';

/** Roles that ship with the daemon; their id is their key. Immutable. */
export interface SystemRole {
  readonly id: string;
  readonly name: string;
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
  'internal.shopify',
]);

export const SYSTEM_ROLES: readonly SystemRole[] = [
  { id: 'owner', name: 'Store Owner', permissions: PERMISSIONS },
  {
    id: 'admin',
    name: 'Admin',
    permissions: PERMISSIONS.filter((permission) => !NOT_FOR_ADMINS.has(permission)),
  },
  {
    id: 'operator',
    name: 'Operator',
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
  { id: 'viewer', name: 'Viewer', permissions: VIEWS },
  {
    id: 'part-manager',
    name: 'Part Manager',
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

const byId = new Map(SYSTEM_ROLES.map((role) => [role.id, role.permissions]));

/** Permissions of an assignable role; undefined when there is none (the owner's cannot be assigned). */
export function rolePermissions(id: string): readonly Permission[] | undefined {
  return id === 'owner' ? undefined : byId.get(id);
}
