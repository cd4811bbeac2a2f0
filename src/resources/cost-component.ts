import { COST_TYPES } from '../contract/enums.js';
import { choice, nullable, real, text } from './column.js';
import { many, resource } from './resource.js';

/** A price for one unit of something that goes into SKUs: an hour of work, a box, a share of the rent. */
export const costComponent = resource({
  name: 'costComponent',
  label: 'cost component',
  path: '/v1/cost-components',
  operations: ['list', 'search', 'get', 'create', 'update', 'delete'],
  permissions: {
    view: 'settings.view',
    create: 'settings.edit',
    edit: 'settings.edit',
    delete: 'settings.edit',
  },
  relations: { skuCosts: many('skuCost', 'costComponentId') },
  events: 'costComponents',
  columns: {
    name: text({ max: 1024, writable: 'edit' }),
    type: choice(COST_TYPES, { writable: 'edit' }),
    /** Free words such as `hour`. */
    unit: text({ max: 255, writable: 'edit' }),
    /** Price of one unit, in the store's currency; below 0 is a credit. */
    rate: real({ min: -1e9, max: 1e9, writable: 'edit' }),
    description: nullable(text({ writable: 'edit' })),
  },
});
