/** The permissions of the contract, in its order. */
export const PERMISSIONS = [
  'organization.owner',
  'organization.edit',
  'organization.delete',
  'user.view',
  'user.invite',
  'user.edit',
  'user.delete',
  'permission.view',
  'permission.grant',
  'permission.revoke',
  'part.view',
  'part.create',
  'part.edit',
  'part.delete',
  'part.export',
  'sku.view',
  'sku.create',
  'sku.edit',
  'sku.delete',
  'material.view',
  'material.create',
  'material.edit',
  'material.delete',
  'material.instance.view',
  'material.instance.create',
  'material.instance.edit',
  'material.instance.delete',
  'printer.view',
  'printer.create',
  'printer.edit',
  'printer.delete',
  'printer.control',
  'printer.ready',
  'printer.config',
  'printer.stats',
  'profile.view',
  'profile.create',
  'profile.edit',
  'profile.delete',
  'queue.view',
  'queue.manage',
  'queue.override',
  'job.create',
  'job.edit.own',
  'job.edit.all',
  'job.delete.own',
  'job.delete.all',
  'build.view',
  'build.create',
  'build.edit',
  'build.delete',
  'settings.view',
  'settings.edit',
  'integration.view',
  'integration.manage',
  'subscription.view',
  'subscription.manage',
  'analytics.view',
  'reports.generate',
  'audit.log.view',
  'audit.logs.configure',
  'order.view',
  'order.create',
  'order.edit',
  'order.delete',
  'order.print',
  'apiKey.view',
  'apiKey.create',
  'apiKey.edit',
  'apiKey.delete',
  'file.download',
  'maintenance.view',
  'maintenance.create',
  'maintenance.edit',
  'maintenance.delete',
  'maintenance.complete',
  'internal.shopify',
  'queue.admin',
  'part.viewer',
  'part.editor',
  'sku.viewer',
  'sku.editor',
  'orders.admin',
  'material.viewer',
  'material.editor',
  'printer.viewer',
  'printer.editor',
  'profile.viewer',
  'profile.editor',
  'settings.admin',
  'subscription.admin',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

const known: ReadonlySet<string> = new Set(PERMISSIONS);

export function isPermission(value: string): value is Permission {
  return known.has(value);
}

/** `part.*` style prefixes that an older, bundled permission stands for. */
const BUNDLES: Partial<Record<Permission, readonly string[]>> = {
  'queue.admin': ['queue.', 'job.', 'build.'],
  'part.viewer': ['part.view'],
  'part.editor': ['part.'],
  'sku.viewer': ['sku.view'],
  'sku.editor': ['sku.'],
  'orders.admin': ['order.'],
  'material.viewer': ['material.view', 'material.instance.view'],
  'material.editor': ['material.'],
  'printer.viewer': ['printer.view', 'printer.stats'],
  'printer.editor': ['printer.'],
  'profile.viewer': ['profile.view'],
  'profile.editor': ['profile.'],
  'settings.admin': ['settings.', 'integration.'],
  'subscription.admin': ['subscription.'],
};

function covers(prefix: string, permission: string): boolean {
  return prefix.endsWith('.') ? permission.startsWith(prefix) : permission === prefix;
}

const EVERYTHING: ReadonlySet<Permission> = new Set(PERMISSIONS);

/**
 * What a holder of these permissions may do: the owner's permission gives all, bundles are opened into the dotted
 * permissions they stand for. Unknown strings give nothing.
 */
export function effectivePermissions(held: Iterable<string>): ReadonlySet<Permission> {
  const result = new Set<Permission>();
  for (const permission of held) {
    if (!isPermission(permission)) continue;
    if (permission === 'organization.owner') return EVERYTHING;
    result.add(permission);
    for (const prefix of BUNDLES[permission] ?? []) {
      for (const candidate of PERMISSIONS) if (covers(prefix, candidate)) result.add(candidate);
    }
  }
  return result;
}

/** Everything there is: the owner's and a full-access key's set. */
export function allPermissions(): ReadonlySet<Permission> {
  return EVERYTHING;
}
