import { ALL_RESOURCES } from '../resources/index.js';
import { ANYBODY, type ViewPermission } from './session.js';
import { entityTypeAlias } from './topics.js';

/**
 * The permission that seeing entities of a type needs, as its REST routes need it; null for a type that does not exist.
 *
 * @param aliases `print-jobs` is another name of `printJobs`
 */
export function viewPermissions({ aliases }: { readonly aliases: boolean }): ViewPermission {
  const byType = new Map<string, string>();
  for (const { events, permissions } of ALL_RESOURCES) {
    if (events === null) continue;
    const needed = permissions.view ?? ANYBODY;
    byType.set(events, needed);
    if (aliases) byType.set(entityTypeAlias(events), needed);
  }
  return (entityType) => byType.get(entityType) ?? null;
}
