import type { Permission } from '../contract/permissions.js';
import type { Resource, ResourcePermissions } from '../resources/resource.js';

/** The permission that a definition names for an act, as operations take it. */
export function needed(resource: Resource, act: keyof ResourcePermissions): readonly Permission[] {
  const permission = resource.permissions[act];
  return permission ? [permission] : [];
}

/** @throws Error when the definition has no path: a mistake in the program */
export function pathOf(resource: Resource): string {
  if (resource.path === null) throw new Error(`The ${resource.label} has no path`);
  return resource.path;
}
