import { ApiError } from '../../contract/errors.js';
import type { Caller } from '../operation.js';

/** The user who calls. @throws ApiError forbidden for API keys: they have neither passkeys nor sessions */
export function requireUser({ actor }: Caller): string {
  if (actor.type === 'user' && actor.id !== null) return actor.id;
  throw new ApiError('forbidden', 'This is for users who are signed in; an API key has no passkeys', {
    requiredPermissions: [],
  });
}
