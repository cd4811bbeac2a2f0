import { choice, id, nullable, text } from './column.js';
import { one, resource } from './resource.js';

/** That the store has an add-on. */
export const addonSubscription = resource({
  name: 'addonSubscription',
  label: 'add-on subscription',
  path: '/v1/addon-subscriptions',
  operations: ['list', 'search'],
  permissions: { view: 'subscription.view' },
  relations: { addon: one('addon', 'addonId'), tier: one('addonTier', 'tierId') },
  columns: {
    addonType: text({ max: 64 }),
    /** Of the add-on with that type; the contract knows it by the type alone. */
    addonId: id({ hidden: true, references: { resource: 'addon', onDelete: 'cascade' } }),
    tierKey: nullable(text({ max: 64 })),
    tierId: id({ references: { resource: 'addonTier', onDelete: 'cascade' } }),
    term: choice(['year', 'month']),
  },
});
