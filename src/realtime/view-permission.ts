import { ALL_RESOURCES } from '../resources/index.js';
import type { ViewPermission } from './session.js';
import { entityTypeAlias } from './topics.js';

/**
 * The permission that seeing entities of a type needs; null for a type that does not exist or nobody may see.
 *
 * @param aliases `print-jobs` is another name of `printJobs`
 */
export function viewPermissions({ aliases }: { readonly aliases: boolean }): ViewPermission {
  const byType = new Map<string, string>();
  for (const { events, permissions } of ALL_RESOURCES) {
    if (events === null || permissions.view === undefined) continue;
    byType.set(events, permissions.view);
    if (aliases) byType.set(entityTypeAlias(events), permissions.view);
  }
  return (entityType) => byType.get(entityType) ?? null;
}
