import type { Change } from '../../database/change.js';

/** Columns that say nothing of what a caller may do; changed at many requests. */
const INNOCENT: ReadonlySet<string> = new Set(['lastUsedAt', 'lastActiveAt', 'email', 'displayName']);

/** Rows that credentials rest on, and the column with the id by which they know it. */
const FOUNDATIONS: Readonly<Record<string, string>> = {
  apiKey: 'id',
  userSession: 'id',
  user: 'id',
  role: 'id',
  userRole: 'userId',
  userPermission: 'userId',
};

/** Ids of what changed in a way that credentials which rest on it must be looked at again. */
export function staleIds(changes: readonly Change[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { resource, action, fields, before, after } of changes) {
    const column = FOUNDATIONS[resource];
    if (column === undefined || (action === 'INSERT' && column === 'id')) continue;
    if (action === 'UPDATE' && fields.every((field) => INNOCENT.has(field))) continue;
    const id = (after ?? before)?.[column];
    if (typeof id === 'string') ids.add(id);
  }
  return ids;
}
