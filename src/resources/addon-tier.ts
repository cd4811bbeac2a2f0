import { choice, flag, id, integer, nullable, real, text, withDefault } from './column.js';
import { resource } from './resource.js';

/** What an add-on costs: here there is one tier of each, and it costs nothing. */
export const addonTier = resource({
  name: 'addonTier',
  label: 'add-on tier',
  columns: {
    addonId: id({ references: { resource: 'addon', onDelete: 'cascade' } }),
    tierKey: nullable(text({ max: 64 })),
    name: text({ max: 255 }),
    stripePriceIdMonthly: nullable(text()),
    stripePriceIdYearly: nullable(text()),
    amountMonthly: nullable(real()),
    amountYearly: nullable(real()),
    billingType: choice(['subscription', 'usage']),
    stripePriceIdUsage: nullable(text()),
    unitPrice: nullable(real()),
    usageAggregation: nullable(choice(['sum', 'last_during_period', 'max'])),
    displayOrder: withDefault(integer(), 0),
    isActive: withDefault(flag(), true),
  },
  omit: ['storeId'],
});
