/** Where the picture of a printer is published. */
export function statsTopic(storeId: string, printerId: string): string {
  return `stores/${storeId}/printer-stats/${printerId}`;
}

/** Where an external broker is told whether the daemon is there. */
export function statusTopic(storeId: string): string {
  return `stores/${storeId}/status`;
}

/** Where changes of one type of entity are published. */
export function entitiesTopic(storeId: string, entityType: string): string {
  return `stores/${storeId}/entities/${entityType}`;
}

/** `print-jobs` for `printJobs`. */
export function entityTypeAlias(entityType: string): string {
  return entityType.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

/** What a filter or a topic of a store is about; `type` is null for all types of entities. */
export type TopicSubject =
  | { readonly kind: 'stats' }
  | { readonly kind: 'public' }
  | { readonly kind: 'entities'; readonly type: string | null };

/** A branch beside the stores', such as `homeassistant`: whoever may see states may read all below it. */
export function isBelow(filter: string, prefix: string): boolean {
  return filter === prefix || filter.startsWith(`${prefix}/`);
}

/**
 * Reads a subscription filter (or a topic) within the caller's store.
 *
 * Filters end at the level that is published, or one below it: clients ask for `entities/printers/#`, which takes
 * in `entities/printers`, and some for `entities/printers/{id}`, which is never published.
 *
 * @param publicPrefixes branches beside the stores' that are open; without wildcards
 * @returns null for everything outside: other stores, wildcards above these levels, `$` topics.
 */
export function readTopic(
  filter: string,
  storeId: string,
  publicPrefixes: readonly string[] = [],
): TopicSubject | null {
  if (publicPrefixes.some((prefix) => isBelow(filter, prefix))) return { kind: 'public' };
  const [root, store, branch, name, below, ...rest] = filter.split('/');
  if (root !== 'stores' || store !== storeId || name === undefined || name === '' || rest.length > 0)
    return null;
  switch (branch) {
    case 'printer-stats':
      return below === undefined ? { kind: 'stats' } : null;
    case 'entities':
      if (name === '#' || name === '+') return below === undefined ? { kind: 'entities', type: null } : null;
      return { kind: 'entities', type: name };
    default:
      return null;
  }
}
