import { date, flag, id, nullable, text, withDefault, words } from './column.js';
import { one, resource } from './resource.js';

/** A key for programs. The secret itself is never stored: only its salted hash, which never leaves the daemon. */
export const apiKey = resource({
  name: 'apiKey',
  label: 'API key',
  path: '/v1/api-keys',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'apiKey.view' },
  relations: { integration: one('integration', 'integrationId') },
  events: 'apiKeys',
  columns: {
    secretHash: text({ hidden: true }),
    secretSalt: text({ hidden: true }),
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    active: withDefault(flag({ writable: 'edit' }), true),
    managed: withDefault(flag(), false),
    managedBy: nullable(text()),
    externalRef: nullable(text()),
    integrationId: nullable(id()),
    fullAccess: withDefault(flag({ writable: 'edit' }), false),
    ipAllowlist: nullable(words({ writable: 'edit', max: 100 })),
    createdBy: nullable(text()),
    lastUsedAt: nullable(date()),
    expiresAt: nullable(date({ writable: 'create' })),
    permissions: withDefault(words({ hidden: true }), []),
    roleIds: withDefault(words({ hidden: true }), []),
  },
  masked: ['hash', 'salt'],
});
