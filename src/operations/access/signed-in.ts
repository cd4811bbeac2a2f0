import { ApiError } from '../../contract/errors.js';
import type { Caller } from '../operation.js';

/** The user who calls an operation that is for users. @throws ApiError forbidden for API keys */
export function requireUser({ actor }: Caller): string {
  if (actor.type === 'user' && actor.id !== null) return actor.id;
  throw new ApiError(
    'forbidden',
    'This is for users who are signed in: an API key has neither passkeys nor sessions',
    {
      requiredPermissions: [],
    },
  );
}
