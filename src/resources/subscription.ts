import { choice, date, flag, integer, nullable } from './column.js';
import { resource } from './resource.js';

/** The plan of the store. There is nothing to subscribe to on one's own machine: everything is included, without end. */
export const subscription = resource({
  name: 'subscription',
  label: 'subscription',
  path: '/v1/subscriptions',
  operations: ['search'],
  permissions: { view: 'subscription.view' },
  columns: {
    /** Jobs that may be at work at once; null is no limit. */
    concurrencySlots: nullable(integer({ min: 1 })),
    plan: nullable(choice(['core', 'personal'])),
    trialEndsAt: nullable(date()),
    term: nullable(choice(['year', 'month'])),
    isCommercial: nullable(flag()),
  },
});
