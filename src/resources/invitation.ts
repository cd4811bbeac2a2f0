import { date, id, nullable, text, words } from './column.js';
import { resource } from './resource.js';

/** Lets one person in, once, until it expires. Its secret is shown when it is made and stored as a salted hash. */
export const invitation = resource({
  name: 'invitation',
  label: 'invitation',
  columns: {
    /** Whose it is; null is whoever holds the secret, as with the owner's first sign-up. */
    email: nullable(text({ min: 3, max: 320 })),
    /** The account that it opens where there is one already; whom it let in once it was accepted. */
    userId: nullable(id({ references: { resource: 'user', onDelete: 'cascade' } })),
    roleId: nullable(text({ max: 64 })),
    permissions: words(),
    /** User or key. */
    invitedBy: nullable(text({ max: 64 })),
    invitedByEmail: nullable(text({ max: 320 })),
    secretHash: text({ hidden: true }),
    secretSalt: text({ hidden: true }),
    sentAt: date(),
    expiresAt: date(),
    acceptedAt: nullable(date()),
    revokedAt: nullable(date()),
  },
});
