import { expect, it } from 'vitest';
import { effectivePermissions, PERMISSIONS } from '../../src/contract/permissions.js';
import { SYSTEM_ROLES } from '../../src/domain/roles.js';

const opened = (id: string) =>
  effectivePermissions(SYSTEM_ROLES.find((role) => role.id === id)?.permissions ?? []);

it('an admin may do everything but own or delete the store, change its plan or be an integration', () => {
  const missing = PERMISSIONS.filter((permission) => !opened('admin').has(permission));
  expect(missing).toEqual([
    'organization.owner',
    'organization.delete',
    'subscription.manage',
    'internal.shopify',
    // The older name for the whole of subscriptions.
    'subscription.admin',
  ]);
});

it('no role but the owner’s opens into more than it names', () => {
  for (const { id, permissions } of SYSTEM_ROLES)
    if (id !== 'owner') expect([...opened(id)].sort()).toEqual([...permissions].sort());
});

it('every role that looks at the queue sees the parts in it, but the part manager’s alone changes them', () => {
  expect(SYSTEM_ROLES.filter(({ id }) => opened(id).has('part.view')).map(({ id }) => id)).toEqual([
    'owner',
    'admin',
    'operator',
    'viewer',
    'part-manager',
  ]);
  expect(['operator', 'viewer'].some((id) => opened(id).has('part.edit'))).toBe(false);
});

it.each([
  ['printer.viewer', ['printer.view', 'printer.stats']],
  ['material.viewer', ['material.view', 'material.instance.view']],
  ['settings.admin', ['settings.view', 'settings.edit', 'integration.view', 'integration.manage']],
  ['subscription.admin', ['subscription.view', 'subscription.manage']],
])('the older name %s opens into the permissions of today', (bundle, permissions) => {
  expect([...effectivePermissions([bundle])].sort()).toEqual([bundle, ...permissions].sort());
});
