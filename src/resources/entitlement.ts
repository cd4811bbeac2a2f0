import { date, text } from './column.js';
import { resource } from './resource.js';

/** A feature that the store may use. On one's own machine that is all there are, since the installation. */
export const entitlement = resource({
  name: 'entitlement',
  label: 'entitlement',
  path: '/v1/entitlements',
  operations: ['list', 'search', 'get'],
  columns: { entitlement: text({ max: 64 }), enabledAt: date() },
});
