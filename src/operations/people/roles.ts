import { z } from 'zod';
import { ApiError, notFound } from '../../contract/errors.js';
import { effectivePermissions, type Permission } from '../../contract/permissions.js';
import type { Transaction } from '../../database/transaction.js';
import { refuseMore, refuseUngivable } from '../../domain/grants.js';
import { refuseManyRoles, refuseRoleInUse, refuseRoleTwin } from '../../domain/role-writes.js';
import { type Role, rolesOf, SYSTEM_ROLES } from '../../domain/roles.js';
import { role } from '../../resources/index.js';
import { demand } from '../access/demand.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams, permissions } from '../schemas.js';
import { roleSummary, roleWithPermissions, success } from './people-shapes.js';

const roleParam = z.object({ roleId: z.string().min(1).max(64) });
const name = z.string().trim().min(1).max(255);
const description = z.string().max(1024).nullable();

/** Roles: those that ship with the daemon, and the store's own, which the contract reads and `/local/roles` writes. */
export function roleOperations(deps: Deps): Operation[] {
  const { database } = deps;

  const read = (
    id: string,
    path: string,
    summary: string,
    answer: z.ZodType,
    show: (roles: readonly Role[]) => unknown,
  ): Operation<object> =>
    operation({
      id,
      method: 'GET',
      path,
      status: 200,
      summary,
      permissions: [],
      params: noParams,
      body: null,
      answer: () => z.array(answer),
      run: async (_input, { caller }) => show(await rolesOf(database.read, caller.storeId)),
    });

  const permissionsOf = operation({
    id: 'roles.permissions',
    method: 'GET',
    path: '/v1/roles/{roleId}/permissions',
    status: 200,
    summary: 'What a role gives',
    permissions: [],
    params: roleParam,
    body: null,
    answer: () => permissions,
    async run({ params }, { caller }) {
      const found = (await rolesOf(database.read, caller.storeId)).find(({ id }) => id === params.roleId);
      if (!found) throw notFound('role', params.roleId);
      return found.permissions;
    },
  });

  const create = operation({
    id: 'local.roles.create',
    method: 'POST',
    path: '/local/roles',
    status: 201,
    summary: 'Make a role of the store’s own, of what its maker holds',
    permissions: ['permission.grant'],
    params: noParams,
    body: z.object({ name, description: description.optional(), permissions }),
    answer: () => roleWithPermissions,
    async run({ body }, { caller, write }) {
      checkContents(caller.permissions, body.permissions);
      const made = await database.write(write, async (tx) => {
        await refuseManyRoles(tx);
        await refuseRoleTwin(tx, null, body.name);
        return tx.insert(role, { storeId: write.storeId, ...body, permissions: unique(body.permissions) });
      });
      return shown({ ...made, isSystem: false });
    },
  });

  const update = operation({
    id: 'local.roles.update',
    method: 'PATCH',
    path: '/local/roles/{roleId}',
    status: 200,
    summary: 'Change a role of the store’s own; it holds at once for everybody who has it',
    permissions: ['permission.grant'],
    params: roleParam,
    body: z.object({
      name: name.optional(),
      description: description.optional(),
      permissions: permissions.optional(),
    }),
    answer: () => roleWithPermissions,
    async run({ params, body }, { caller, write }) {
      const changed = await database.write(write, async (tx) => {
        const before = await ownRole(tx, params.roleId);
        refuseMore(caller.permissions, effectivePermissions(before.permissions), 'This role');
        if (body.name !== undefined) await refuseRoleTwin(tx, params.roleId, body.name);
        const wanted = body.permissions;
        if (wanted === undefined) return tx.update(role, params.roleId, body);
        checkContents(caller.permissions, wanted);
        if (before.permissions.some((one) => !wanted.includes(one))) demand(caller, 'permission.revoke');
        return tx.update(role, params.roleId, { ...body, permissions: unique(wanted) });
      });
      return shown({ ...changed, isSystem: false });
    },
  });

  const remove = operation({
    id: 'local.roles.delete',
    method: 'DELETE',
    path: '/local/roles/{roleId}',
    status: 200,
    summary: 'Delete a role of the store’s own that nobody holds',
    permissions: ['permission.revoke'],
    params: roleParam,
    body: null,
    answer: () => success,
    async run({ params }, { write }) {
      await database.write(write, async (tx) => {
        await ownRole(tx, params.roleId);
        await refuseRoleInUse(tx, params.roleId);
        await tx.remove(role, params.roleId);
      });
      return { success: true };
    },
  });

  return [
    read('roles.list', '/v1/roles', 'Every role there is', roleSummary, (roles) =>
      roles.map(({ id, name, description, isSystem }) => ({ id, name, description, isSystem })),
    ),
    read(
      'roles.withPermissions',
      '/v1/roles/with-permissions',
      'Every role with what it gives',
      roleWithPermissions,
      (roles) => roles.map(shown),
    ),
    permissionsOf,
    create,
    update,
    remove,
  ];
}

function shown({ id, name, description, isSystem, permissions }: Role): Role {
  return { id, name, description, isSystem, permissions };
}

function unique(permissions: readonly Permission[]): Permission[] {
  return [...new Set(permissions)];
}

function checkContents(giver: ReadonlySet<Permission>, given: readonly Permission[]): void {
  refuseUngivable(given);
  refuseMore(giver, effectivePermissions(given), 'What you give');
}

/** @throws ApiError conflict for a role that ships with the daemon, not_found */
async function ownRole(tx: Transaction, id: string) {
  if (SYSTEM_ROLES.some((one) => one.id === id))
    throw new ApiError(
      'conflict',
      `The role ${JSON.stringify(id)} ships with the daemon and cannot be changed`,
    );
  return tx.get(role, id);
}
