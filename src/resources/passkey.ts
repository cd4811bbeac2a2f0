import { choice, date, flag, id, integer, nullable, text, words } from './column.js';
import { resource } from './resource.js';

/** A public key by which a user signs in; the private one never leaves the user's device. */
export const passkey = resource({
  name: 'passkey',
  label: 'passkey',
  path: '/v1/passkeys',
  columns: {
    userId: id({ references: { resource: 'user', onDelete: 'cascade' } }),
    /** As the device named it, base64url. */
    credentialId: text({ max: 1_400, unique: true }),
    /** What the device names the account by: the id that the user had, or was to have, when it was made. */
    userHandle: text({ max: 64, hidden: true }),
    /** COSE, base64url. */
    publicKey: text({ max: 8_192, hidden: true }),
    /** Signatures so far, as the device counts them; 0 of devices that do not. */
    counter: integer({ min: 0, max: 0xffff_ffff }),
    transports: nullable(words({ max: 16 })),
    credentialDeviceType: choice(['singleDevice', 'multiDevice']),
    credentialBackedUp: flag(),
    /** Host name that it belongs to; of no use under another. */
    rpId: text({ max: 255 }),
    name: nullable(text({ min: 1, max: 100, writable: 'edit' })),
    lastUsedAt: nullable(date()),
  },
});
