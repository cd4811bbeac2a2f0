import { FOLDER_TYPES } from '../contract/enums.js';
import { choice, id, nullable, text } from './column.js';
import { many, one, resource } from './resource.js';

/** A place for parts or for SKUs; each kind has a tree of its own. */
export const folder = resource({
  name: 'folder',
  label: 'folder',
  path: '/v1/folders',
  operations: ['list', 'search', 'get', 'create'],
  permissions: { view: 'part.view', create: 'part.create', edit: 'part.edit', delete: 'part.delete' },
  relations: {
    parent: one('folder', 'parentId'),
    children: many('folder', 'parentId'),
    parts: many('part', 'folderId'),
    skus: many('sku', 'folderId'),
  },
  events: 'folders',
  columns: {
    type: choice(FOLDER_TYPES, { writable: 'create' }),
    name: text({ min: 1, max: 255, writable: 'edit' }),
    parentId: nullable(id({ writable: 'edit', references: { resource: 'folder', onDelete: 'cascade' } })),
  },
});
