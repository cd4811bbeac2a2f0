import { z } from 'zod';
import { PERMISSIONS } from '../contract/permissions.js';
import { json, nullable, text } from './column.js';
import { resource } from './resource.js';

/** A role of the farm's own. Those that ship with the daemon are no rows: see `domain/roles.ts`. */
export const role = resource({
  name: 'role',
  label: 'role',
  path: '/local/roles',
  permissions: { create: 'permission.grant', edit: 'permission.grant', delete: 'permission.revoke' },
  columns: {
    /** Unique within the store, whatever the case of its letters. */
    name: text({ min: 1, max: 255, writable: 'edit' }),
    description: nullable(text({ max: 1024, writable: 'edit' })),
    permissions: json(z.array(z.enum(PERMISSIONS)).max(PERMISSIONS.length), {
      kind: 'array',
      writable: 'edit',
    }),
  },
});
