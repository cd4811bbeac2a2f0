import { flag, nullable, text, withDefault } from './column.js';
import { resource } from './resource.js';

/** The farm itself. One per installation; every other row carries its id. */
export const store = resource({
  name: 'store',
  label: 'store',
  path: '/v1/stores',
  events: 'stores',
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    timezone: nullable(text({ writable: 'edit' })),
    country: nullable(text({ writable: 'edit' })),
    /** Paths of stored files; answered as addresses that load without headers. */
    logoLightUrl: nullable(text()),
    logoDarkUrl: nullable(text()),
    websiteUrl: nullable(text({ writable: 'edit' })),
    auditEnabled: withDefault(flag(), true),
  },
  // The contract's Store has no storeId: it is its own.
  omit: ['storeId'],
  overrides: ({ logoLightUrl, logoDarkUrl }, presenter) => ({
    logoLightUrl: logoLightUrl === null ? null : presenter.fileUrl(logoLightUrl),
    logoDarkUrl: logoDarkUrl === null ? null : presenter.fileUrl(logoDarkUrl),
  }),
});
