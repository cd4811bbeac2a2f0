import { id, text } from './column.js';
import { resource } from './resource.js';

/** That a user holds a role: one of the farm's own by its id, or one that ships with the daemon by its key. */
export const userRole = resource({
  name: 'userRole',
  label: 'role of a user',
  columns: {
    userId: id({ references: { resource: 'user', onDelete: 'cascade' } }),
    roleId: text({ min: 1, max: 64 }),
  },
});
