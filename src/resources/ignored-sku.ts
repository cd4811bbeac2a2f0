import { words } from './column.js';
import { resource } from './resource.js';

/** SKU codes that nothing is printed for, such as gift wrap. One row for a store. */
export const ignoredSku = resource({
  name: 'ignoredSku',
  label: 'list of ignored SKUs',
  path: '/v1/ignored-skus',
  operations: ['list', 'search'],
  permissions: { view: 'order.view', edit: 'order.edit' },
  events: 'ignoredSkus',
  columns: { skus: words({ max: 10_000 }) },
});
