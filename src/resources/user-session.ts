import { date, id, nullable, text } from './column.js';
import { resource } from './resource.js';

/** A user who has signed in. The token itself is never stored: only its salted hash. */
export const userSession = resource({
  name: 'userSession',
  label: 'session',
  path: '/local/sessions',
  columns: {
    userId: id({ references: { resource: 'user', onDelete: 'cascade' } }),
    /** What opened it; null when that passkey is gone. */
    passkeyId: nullable(id({ references: { resource: 'passkey', onDelete: 'set null' } })),
    secretHash: text({ hidden: true }),
    secretSalt: text({ hidden: true }),
    /** From where it was opened. */
    address: nullable(text({ max: 64 })),
    userAgent: nullable(text({ max: 512 })),
    expiresAt: date(),
    lastUsedAt: nullable(date()),
  },
});
