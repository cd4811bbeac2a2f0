import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import type { Permission } from '../../contract/permissions.js';
import type { Transaction } from '../../database/transaction.js';
import { checkGrant, refuseMore } from '../../domain/grants.js';
import {
  addPermissions,
  addRoles,
  type Member,
  removePermissions,
  removeRoles,
  requireMember,
} from '../../domain/members.js';
import { OWNER_ROLE } from '../../domain/roles.js';
import { demand, isSelf } from '../access/demand.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { permissions } from '../schemas.js';
import { type PersonDetails, userDetails } from './people-shapes.js';
import { memberDetails } from './user-view.js';
import { userParam } from './users.js';

const PATH = '/v1/users/{userId}';
const permissionsBody = z.object({ permissions });

/** What members hold: their roles and the permissions given to them directly. */
export function holdingOperations(deps: Deps): Operation[] {
  const { database, clock } = deps;

  /** Changes one member within a transaction and answers it as it is then. */
  const change = async (
    context: CallContext,
    userId: string,
    fn: (tx: Transaction, member: Member) => Promise<void>,
  ): Promise<PersonDetails> => {
    const { write, caller } = context;
    const member = await database.write(write, async (tx) => {
      const before = await requireMember(tx.db, write.storeId, userId);
      refuseMore(caller.permissions, before.effective, 'This member');
      await fn(tx, before);
      return requireMember(tx.db, write.storeId, userId);
    });
    return memberDetails(database.read, member, clock.now());
  };

  const give = (tx: Transaction, { caller }: CallContext, given: Parameters<typeof checkGrant>[3]) =>
    checkGrant(tx.db, caller.storeId, caller.permissions, given);

  const addRole = operation({
    id: 'users.roles.add',
    audit: 'user.role.add',
    method: 'POST',
    path: `${PATH}/roles`,
    status: 201,
    summary: 'Give a member one more role',
    permissions: ['permission.grant'],
    params: userParam,
    body: z.object({ roleId: z.string().max(64) }),
    answer: () => userDetails,
    run: ({ params, body }, context) =>
      change(context, params.userId, async (tx) => {
        await give(tx, context, { roleIds: [body.roleId] });
        await addRoles(tx, params.userId, [body.roleId]);
      }),
  });

  const setRoles = operation({
    id: 'users.roles.set',
    audit: 'user.role.set',
    method: 'PUT',
    path: `${PATH}/roles`,
    status: 200,
    summary: 'Give a member these roles and no others',
    permissions: ['permission.grant'],
    params: userParam,
    body: z.object({ roleIds: z.array(z.string().max(64)).max(50) }),
    answer: () => userDetails,
    run: ({ params, body }, context) =>
      change(context, params.userId, async (tx, member) => {
        const held = member.roles.map(({ id }) => id);
        // What the owner is stays, and is shown among the roles: naming it again asks for nothing.
        const wanted = body.roleIds.filter((id) => !(member.isOwner && id === OWNER_ROLE));
        const gone = new Set(held.filter((id) => !wanted.includes(id)));
        const added = wanted.filter((id) => !held.includes(id));
        if (gone.size > 0) refuseTaking(context, params.userId);
        await give(tx, context, { roleIds: added });
        await removeRoles(tx, params.userId, gone);
        await addRoles(tx, params.userId, added);
      }),
  });

  const removeRole = operation({
    id: 'users.roles.remove',
    audit: 'user.role.remove',
    method: 'DELETE',
    path: `${PATH}/roles/{roleId}`,
    status: 200,
    summary: 'Take a role away from a member',
    permissions: ['permission.revoke'],
    params: z.object({ userId: userParam.shape.userId, roleId: z.string().min(1).max(64) }),
    body: null,
    answer: () => userDetails,
    run: ({ params }, context) =>
      change(context, params.userId, async (tx, member) => {
        if (params.roleId === OWNER_ROLE && member.isOwner) throw ownershipStays();
        if (!member.roles.some(({ id }) => id === params.roleId))
          throw new ApiError(
            'not_found',
            `This member does not hold the role ${JSON.stringify(params.roleId)}`,
          );
        refuseTaking(context, params.userId);
        await removeRoles(tx, params.userId, new Set([params.roleId]));
      }),
  });

  const addDirect = operation({
    id: 'users.permissions.add',
    audit: 'user.permission.add',
    method: 'POST',
    path: `${PATH}/permissions`,
    status: 201,
    summary: 'Give a member more permissions',
    permissions: ['permission.grant'],
    params: userParam,
    body: permissionsBody,
    answer: () => userDetails,
    run: ({ params, body }, context) =>
      change(context, params.userId, async (tx) => {
        await give(tx, context, body);
        await addPermissions(tx, params.userId, body.permissions);
      }),
  });

  const setDirect = operation({
    id: 'users.permissions.set',
    audit: 'user.permission.set',
    method: 'PUT',
    path: `${PATH}/permissions`,
    status: 200,
    summary: 'Give a member these permissions directly and no others',
    permissions: ['permission.grant'],
    params: userParam,
    body: permissionsBody,
    answer: () => userDetails,
    run: ({ params, body }, context) =>
      change(context, params.userId, async (tx, member) => {
        const held = member.permissions.map(({ permission }) => permission);
        const wanted = body.permissions.filter((one) => !(member.isOwner && one === 'organization.owner'));
        const gone = new Set<Permission>(held.filter((one) => !wanted.includes(one)));
        const added = wanted.filter((one) => !held.includes(one));
        if (gone.size > 0) refuseTaking(context, params.userId);
        await give(tx, context, { permissions: added });
        await removePermissions(tx, params.userId, gone);
        await addPermissions(tx, params.userId, added);
      }),
  });

  const removeDirect = operation({
    id: 'users.permissions.remove',
    audit: 'user.permission.remove',
    method: 'DELETE',
    path: `${PATH}/permissions`,
    status: 200,
    summary: 'Take permissions away that a member holds directly; those it does not hold are passed over',
    permissions: ['permission.revoke'],
    params: userParam,
    body: permissionsBody,
    answer: () => userDetails,
    run: ({ params, body }, context) =>
      change(context, params.userId, async (tx, member) => {
        if (member.isOwner && body.permissions.includes('organization.owner')) throw ownershipStays();
        refuseTaking(context, params.userId);
        await removePermissions(tx, params.userId, new Set(body.permissions));
      }),
  });

  return [addRole, setRoles, removeRole, addDirect, setDirect, removeDirect];
}

/** Taking something away needs its own permission, and nobody takes from themselves: they could not give it back. */
function refuseTaking({ caller }: CallContext, userId: string): void {
  demand(caller, 'permission.revoke');
  if (isSelf(caller, userId))
    throw new ApiError(
      'conflict',
      'Nobody can take roles or permissions from themselves; ask another member',
    );
}

function ownershipStays(): ApiError {
  return new ApiError('conflict', 'Ownership cannot be taken away; it is transferred to another member');
}
