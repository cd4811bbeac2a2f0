import { z } from 'zod';
import { ApiError, notFound } from '../../contract/errors.js';
import { decodeRow } from '../../database/rows.js';
import { type ApiKey, createKey, keyPermissions } from '../../domain/api-keys.js';
import { checkGrant, refuseMore } from '../../domain/grants.js';
import { answered } from '../../resources/answered.js';
import { apiKey } from '../../resources/index.js';
import { isAddressOrRange } from '../access/address.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { id, idParam, noParams, permission } from '../schemas.js';
import { standardOperations } from '../standard.js';

const cidr = z.string().refine(isAddressOrRange, 'an IP address or a CIDR range such as 192.168.1.0/24');

/** The only answer that holds the whole key. */
const oneTimeKey = z
  .object({ id, storeId: id, name: z.string(), key: z.string() })
  .meta({ id: 'OneTimeApiKeyInfo' });

export function keyOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const create = operation({
    id: 'apiKeys.create',
    method: 'POST',
    path: '/v1/api-keys',
    status: 201,
    summary: 'Make an API key; the whole key is in this answer and never again',
    permissions: ['apiKey.create'],
    params: noParams,
    body: z.object({
      name: z.string().min(1).max(1024),
      fullAccess: z.boolean().optional(),
      permissions: z.array(permission).max(200).optional(),
      roleIds: z.array(z.string()).max(50).optional(),
      ipAllowlist: z.array(cidr).max(100).optional(),
      expiresAt: z.iso.datetime({ offset: true }).optional(),
    }),
    answer: () => oneTimeKey,
    async run({ body }, { caller, write }) {
      const given = grant(body);
      const { row, key } = await database.write(write, async (tx) => {
        await checkGrant(tx.db, write.storeId, caller.permissions, given);
        return createKey(tx, {
          ...given,
          name: body.name,
          ipAllowlist: body.ipAllowlist ?? null,
          expiresAt: body.expiresAt === undefined ? null : new Date(body.expiresAt).toISOString(),
          createdBy: caller.actor.id,
        });
      });
      return { id: row.id, storeId: row.storeId, name: row.name, key };
    },
  });

  const update = operation({
    id: 'apiKeys.update',
    method: 'PATCH',
    path: '/v1/api-keys/{id}',
    status: 200,
    summary: 'Change a key: its name, whether it is active, what it may do and from where',
    permissions: ['apiKey.edit'],
    params: idParam,
    body: z.object({
      active: z.boolean().optional(),
      name: z.string().min(1).max(1024).optional(),
      fullAccess: z.boolean().optional(),
      ipAllowlist: z.array(cidr).max(100).nullable().optional(),
      permissions: z.array(permission).max(200).optional(),
      roleIds: z.array(z.string()).max(50).optional(),
    }),
    answer: () => answered(apiKey),
    async run({ params, body }, { caller, write }) {
      const row = await database.write(write, async (tx) => {
        const before = await tx.get(apiKey, params.id);
        refuseManaged(before);
        refuseSelf(before, caller.actor.id, body);
        // A key that may do more than its editor must not be opened, reopened or taken over by it.
        refuseMore(caller.permissions, await keyPermissions(tx.db, before), `The key "${before.name}"`);
        await checkGrant(tx.db, write.storeId, caller.permissions, grant(body));
        return tx.update(apiKey, params.id, body);
      });
      return apiKey.present(row, presenter);
    },
  });

  const remove = operation({
    id: 'apiKeys.delete',
    method: 'DELETE',
    path: '/v1/api-keys/{id}',
    status: 200,
    summary: 'Delete a key; it and its open connections end at once',
    permissions: ['apiKey.delete'],
    params: idParam,
    body: null,
    answer: null,
    async run({ params }, { write }) {
      await database.write(write, async (tx) => {
        refuseManaged(await tx.get(apiKey, params.id));
        await tx.remove(apiKey, params.id);
      });
      return NOTHING;
    },
  });

  const stored = async (id: string, storeId: string): Promise<ApiKey> => {
    const raw = await database.read
      .selectFrom('apiKey')
      .selectAll()
      .where('id', '=', id)
      .where('storeId', '=', storeId)
      .executeTakeFirst();
    if (!raw) throw notFound(apiKey.label, id);
    return decodeRow(apiKey, raw);
  };

  const permissions = operation({
    id: 'apiKeys.permissions',
    method: 'GET',
    path: '/v1/api-keys/{id}/permissions',
    status: 200,
    summary: 'Permissions given to the key directly',
    permissions: ['apiKey.view'],
    params: idParam,
    body: null,
    answer: () => z.array(permission),
    run: async ({ params }, { caller }) => (await stored(params.id, caller.storeId)).permissions,
  });

  const roles = operation({
    id: 'apiKeys.roles',
    method: 'GET',
    path: '/v1/api-keys/{id}/roles',
    status: 200,
    summary: 'Roles given to the key',
    permissions: ['apiKey.view'],
    params: idParam,
    body: null,
    answer: () => z.array(z.string()),
    run: async ({ params }, { caller }) => (await stored(params.id, caller.storeId)).roleIds,
  });

  return [...standardOperations(apiKey, deps), create, update, remove, permissions, roles];
}

interface Grant {
  readonly fullAccess: boolean;
  readonly permissions: readonly string[];
  readonly roleIds: readonly string[];
}

function grant(body: {
  fullAccess?: boolean | undefined;
  permissions?: readonly string[] | undefined;
  roleIds?: readonly string[] | undefined;
}): Grant {
  return {
    fullAccess: body.fullAccess ?? false,
    permissions: body.permissions ?? [],
    roleIds: body.roleIds ?? [],
  };
}

function refuseManaged(key: ApiKey): void {
  if (key.managed)
    throw new ApiError('managed', `The key "${key.name}" belongs to an integration and goes with it`);
}

/** A key that could raise itself would make every other rule about keys worthless. */
function refuseSelf(key: ApiKey, callerId: string | null, body: object): void {
  const raises = ['fullAccess', 'permissions', 'roleIds', 'ipAllowlist'].some((name) => name in body);
  if (key.id === callerId && raises) {
    throw new ApiError(
      'permission_escalation',
      'A key cannot change its own permissions, roles or addresses',
    );
  }
}
