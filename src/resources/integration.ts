import { INTEGRATION_TYPES } from '../contract/enums.js';
import { choice, json, nullable, text } from './column.js';
import { many, resource } from './resource.js';
import { record } from './shapes.js';

/** A connection to something outside. LAN printers belong to one built-in row of type `bambulab`. */
export const integration = resource({
  name: 'integration',
  label: 'integration',
  permissions: { view: 'integration.view' },
  relations: { printers: many('printer', 'integrationId') },
  events: 'integrations',
  columns: {
    type: choice(INTEGRATION_TYPES),
    externalId: nullable(text()),
    publicData: nullable(json(record)),
    settings: nullable(json(record)),
  },
});
