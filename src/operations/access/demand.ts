import { ApiError } from '../../contract/errors.js';
import type { Permission } from '../../contract/permissions.js';
import type { Caller } from '../operation.js';

/** For what only shows while an operation runs. @throws ApiError forbidden */
export function demand(caller: Caller, ...needed: readonly Permission[]): void {
  const missing = needed.filter((permission) => !caller.permissions.has(permission));
  if (missing.length === 0) return;
  throw new ApiError('forbidden', `This needs the permission ${missing.join(' and ')}`, {
    requiredPermissions: needed,
  });
}

/** Whether the caller is this user. */
export function isSelf({ actor }: Caller, userId: string): boolean {
  return actor.type === 'user' && actor.id === userId;
}
