import { PERMISSIONS } from '../contract/permissions.js';
import { choice, id } from './column.js';
import { resource } from './resource.js';

/** A permission that a user holds directly. Exactly one row of a store holds `organization.owner`: its owner's. */
export const userPermission = resource({
  name: 'userPermission',
  label: 'permission',
  path: '/v1/permissions',
  operations: ['list', 'search'],
  permissions: { view: 'permission.view' },
  events: 'permissions',
  columns: {
    userId: id({ references: { resource: 'user', onDelete: 'cascade' } }),
    permission: choice(PERMISSIONS),
  },
});
