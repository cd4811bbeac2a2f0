import type { Operation } from '../operation.js';
import { type PasskeyDeps, PasskeyDoor } from './door.js';
import { ownPasskeyOperations } from './own-passkeys.js';
import { registrationOperations } from './registration.js';
import { signInOperations } from './sign-in.js';
import { signUpOperations } from './sign-up.js';

/** Signing up and in with passkeys, and what a user does with its own. */
export function passkeyOperations(deps: PasskeyDeps): Operation[] {
  const door = new PasskeyDoor(deps);
  return [
    ...registrationOperations(door),
    ...signUpOperations(door),
    ...signInOperations(door),
    ...ownPasskeyOperations(deps),
  ];
}
