import { ALL_RESOURCES } from '../resources/index.js';

const byType = new Map(
  ALL_RESOURCES.flatMap((resource) =>
    resource.events === null ? [] : [[resource.events, resource.permissions.view ?? null] as const],
  ),
);

/** The permission that seeing entities of a type needs; null for a type that does not exist or nobody may see. */
export function viewPermissionOf(entityType: string): string | null {
  return byType.get(entityType) ?? null;
}
