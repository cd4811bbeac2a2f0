import { id, nullable, text } from './column.js';
import { resource } from './resource.js';

/** What a caller likes for itself: a user, or an API key. */
export const userSettings = resource({
  name: 'userSettings',
  label: 'user settings',
  path: '/v1/settings/user',
  columns: {
    /** Id of the user or the key. */
    actorId: text({ min: 1, max: 64 }),
    defaultStoreId: nullable(id({ writable: 'edit' })),
  },
});
