import { INTEGRATION_TYPES, PROFILE_SOURCES, PROFILE_TYPES } from '../contract/enums.js';
import { choice, id, json, nullable, text, withDefault } from './column.js';
import { one, resource } from './resource.js';
import { record } from './shapes.js';

/** A slicer profile of the farm's own: what differs from the one that it inherits from. */
export const profile = resource({
  name: 'profile',
  label: 'profile',
  path: '/v1/profiles',
  operations: ['list', 'search', 'get', 'create', 'update', 'delete', 'deleteMany'],
  permissions: {
    view: 'profile.view',
    create: 'profile.create',
    edit: 'profile.edit',
    delete: 'profile.delete',
  },
  relations: { integration: one('integration', 'integrationId') },
  events: 'profiles',
  columns: {
    /** Unique for its type within the store: profiles inherit by name. */
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    type: choice(PROFILE_TYPES, { writable: 'create' }),
    externalId: nullable(text({ max: 1024, writable: 'create' })),
    /** Settings as slicers write them, own keys alone. */
    data: json(record, { writable: 'edit', byPlace: true }),
    /** Name of the profile that it begins with; '' for none. */
    inherits: withDefault(text({ max: 1024, writable: 'edit' }), ''),
    compatibilityList: withDefault(text({ writable: 'create' }), ''),
    source: withDefault(choice(PROFILE_SOURCES, { writable: 'create' }), 'manual'),
    metadata: withDefault(json(record, { writable: 'create' }), {}),
    integrationId: nullable(
      id({ writable: 'create', references: { resource: 'integration', onDelete: 'set null' } }),
    ),
    integrationType: nullable(choice(INTEGRATION_TYPES, { writable: 'create' })),
  },
});
