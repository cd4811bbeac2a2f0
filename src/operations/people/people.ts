import type { Deps } from '../deps.js';
import type { Operation } from '../operation.js';
import { holdingOperations } from './holdings.js';
import { invitationOperations } from './invitations.js';
import { permissionOperations } from './permissions.js';
import { roleOperations } from './roles.js';
import { userOperations } from './users.js';

/** Members of the store and what they may do. */
export function peopleOperations(deps: Deps): Operation[] {
  return [
    ...userOperations(deps),
    ...invitationOperations(deps),
    ...holdingOperations(deps),
    ...roleOperations(deps),
    ...permissionOperations(deps),
  ];
}
