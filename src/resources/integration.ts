import { INTEGRATION_TYPES } from '../contract/enums.js';
import { choice, json, nullable, text } from './column.js';
import { integrationSettings, publicData } from './integration-shapes.js';
import { many, resource } from './resource.js';

/** A connection to something outside. LAN printers belong to one built-in row of type `bambulab`. */
export const integration = resource({
  name: 'integration',
  label: 'integration',
  path: '/v1/integrations',
  operations: ['list', 'search', 'get'],
  permissions: { view: 'integration.view', edit: 'integration.manage' },
  relations: { orders: many('order', 'integrationId'), printers: many('printer', 'integrationId') },
  events: 'integrations',
  columns: {
    type: choice(INTEGRATION_TYPES),
    externalId: nullable(text()),
    publicData: nullable(json(publicData)),
    settings: nullable(json(integrationSettings)),
  },
});
