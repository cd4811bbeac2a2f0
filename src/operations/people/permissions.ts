import { PERMISSIONS } from '../../contract/permissions.js';
import { requireMember } from '../../domain/members.js';
import { OWNER_ROLE, SYSTEM_ROLES } from '../../domain/roles.js';
import { userPermission } from '../../resources/index.js';
import { demand, isSelf } from '../access/demand.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams, permissions } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { allOfUser } from './people-shapes.js';
import { userParam } from './users.js';

/** What there is to hold, and who holds it. */
export function permissionOperations(deps: Deps): Operation[] {
  const { database } = deps;

  const types = operation({
    id: 'permissions.types',
    method: 'GET',
    path: '/v1/permissions/types',
    status: 200,
    summary: 'Every permission there is',
    permissions: ['permission.view'],
    params: noParams,
    body: null,
    answer: () => permissions,
    run: async () => PERMISSIONS,
  });

  const ofUser = operation({
    id: 'permissions.ofUser',
    method: 'GET',
    path: '/v1/permissions/user/{userId}',
    status: 200,
    summary: 'All that a member may do, and by what; everybody may see their own',
    permissions: [],
    params: userParam,
    body: null,
    answer: () => allOfUser,
    async run({ params }, { caller }) {
      if (!isSelf(caller, params.userId)) demand(caller, 'permission.view');
      const member = await requireMember(database.read, caller.storeId, params.userId);
      const owners = SYSTEM_ROLES.filter(({ id }) => member.isOwner && id === OWNER_ROLE);
      const roles = [...owners, ...member.roles];
      return {
        owner: member.isOwner,
        permissions: member.permissions.map(({ userId, permission, id }) => ({ userId, permission, id })),
        roles: roles.map(({ id }) => id),
        roleNames: roles.map(({ name }) => name),
        effectivePermissions: [...member.effective],
      };
    },
  });

  return [...standardOperations(userPermission, deps), types, ofUser];
}
