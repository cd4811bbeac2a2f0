import { date, nullable, text } from './column.js';
import { many, resource } from './resource.js';

/**
 * A person who signs in. Whoever left the store keeps the account and may be invited again. The owner has no address
 * before the first sign-up.
 */
export const user = resource({
  name: 'user',
  label: 'user',
  relations: { roles: many('userRole', 'userId'), permissions: many('userPermission', 'userId') },
  columns: {
    /** Unique within the store, whatever the case of its letters. */
    email: nullable(text({ min: 3, max: 320 })),
    displayName: nullable(text({ min: 1, max: 255 })),
    /** Written at most once a minute. */
    lastActiveAt: nullable(date()),
    removedAt: nullable(date()),
  },
});
