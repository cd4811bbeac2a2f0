import { id, integer, nullable, text } from './column.js';
import { many, one, resource } from './resource.js';

/** Materials that do for each other; groups of groups are tried after a group's own members. */
export const materialGroup = resource({
  name: 'materialGroup',
  label: 'material group',
  permissions: {
    view: 'material.view',
    create: 'material.edit',
    edit: 'material.edit',
    delete: 'material.edit',
  },
  relations: {
    members: many('materialGroupMember', 'materialGroupId'),
    parent: one('materialGroup', 'parentId'),
    children: many('materialGroup', 'parentId'),
  },
  events: 'materialGroups',
  defaultSort: [
    { field: 'priority', direction: 'asc' },
    { field: 'createdAt', direction: 'asc' },
  ],
  columns: {
    name: text({ min: 1, max: 1024, writable: 'edit' }),
    /** Lower comes first. */
    priority: integer({ min: 0, writable: 'edit' }),
    parentId: nullable(
      id({ writable: 'edit', references: { resource: 'materialGroup', onDelete: 'set null' } }),
    ),
  },
});
