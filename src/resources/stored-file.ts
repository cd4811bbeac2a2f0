import { choice, date, id, integer, nullable, text } from './column.js';
import { resource } from './resource.js';

/**
 * A name for bytes on disk. Several names may point at the same bytes (by SHA-256). An upload's row exists from the
 * moment its address is given out; `sha256` is null until the bytes have arrived.
 */
export const storedFile = resource({
  name: 'storedFile',
  label: 'stored file',
  columns: {
    /** `uploads:{storeId}/{random}/{name}` or `{storeId}/parts/{partId}/{name}`, the name percent-encoded. */
    uri: text({ max: 4096, unique: true }),
    kind: choice(['upload', 'part', 'thumbnail', 'logo']),
    ownerId: nullable(id()),
    sha256: nullable(text({ max: 64 })),
    bytes: nullable(integer({ min: 0 })),
    /** Uploads only: after this the address is dead, and unused bytes may go. */
    expiresAt: nullable(date()),
  },
});
