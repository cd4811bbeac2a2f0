import { z } from 'zod';
import { material, partMaterialAssignment } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type CallContext, NOTHING, type Operation, operation } from '../operation.js';
import { id, ids, noParams } from '../schemas.js';
import { getOperation, plainListOperation } from '../standard.js';
import { removeMany } from '../standard-writes.js';
import { composed } from './composed.js';

/**
 * What an older interface of the API had and today's does not, for tools that were written against it. None of it is
 * described in the API's document.
 */
export function olderOperations(deps: Deps, operations: readonly Operation[]): readonly Operation[] {
  const byId = new Map(operations.map((one) => [one.id, one]));
  const materials = plainListOperation(material, deps, {
    id: 'material.all',
    path: '/v1/materials',
    summary: 'List every material of the store, whole',
    params: noParams,
  });
  const mine = myPermissions(byId.get('permissions.ofUser'));
  return [
    composed('/v1/materials/full', 'Materials with all that belongs to them', {
      materials,
      variants: byId.get('materialVariant.all'),
      groups: byId.get('materialGroup.all'),
      groupMembers: byId.get('materialGroupMember.all'),
    }),
    ...assignments(deps),
    ...printerStats(deps),
    mine,
    composed('/v1/web-init', 'What a page asks for first: rights, plan, connections and printer models', {
      permissions: mine,
      subscriptions: byId.get('subscriptions.current'),
      integrations: byId.get('integration.list'),
      myPrinterModels: byId.get('profiles.myPrinterModels'),
    }),
  ];
}

const ASSIGNMENTS = '/v1/materials/assignments';

function assignments(deps: Deps): Operation[] {
  const all = plainListOperation(partMaterialAssignment, deps, {
    id: 'older.partMaterialAssignment.all',
    path: ASSIGNMENTS,
    summary: 'List which materials parts may be printed with, whole',
    params: noParams,
  });
  const ofPart = plainListOperation(partMaterialAssignment, deps, {
    id: 'older.partMaterialAssignment.ofPart',
    path: `${ASSIGNMENTS}/part/{partId}`,
    summary: 'List which materials a part may be printed with',
    params: z.object({ partId: id }),
    where: ({ partId }) => ({ kind: 'field', field: 'partId', operator: 'eq', value: partId }),
  });
  const remove = operation({
    id: 'older.partMaterialAssignment.deleteMany',
    audit: 'partMaterialAssignment.deleteMany',
    method: 'DELETE',
    path: ASSIGNMENTS,
    status: 200,
    summary: 'Say that parts may no longer be printed with some materials',
    permissions: ['part.edit'],
    params: noParams,
    body: ids,
    async run({ body }, { write }) {
      await deps.database.write(write, (tx) => removeMany(tx, partMaterialAssignment, body));
      return NOTHING;
    },
  });
  const one = getOperation(partMaterialAssignment, deps, { at: ASSIGNMENTS, nullable: true });
  return [all, ofPart, { ...one, id: 'older.partMaterialAssignment.get' }, remove].map(asOlder);
}

function asOlder(of: Operation): Operation {
  return operation({ ...of, older: true });
}

/** The live state that the stats topic tells, asked for. */
function printerStats({ database, printerStat }: Deps): Operation[] {
  async function of(chosen: ReadonlySet<string> | null, { caller }: CallContext): Promise<unknown> {
    const rows = await database.read
      .selectFrom('printer')
      .select('id')
      .where('storeId', '=', caller.storeId)
      .orderBy('createdAt')
      .execute();
    return rows.flatMap((row) => {
      const stat = chosen === null || chosen.has(row.id) ? printerStat(row.id) : null;
      return stat === null ? [] : [stat];
    });
  }
  const base = {
    method: 'GET',
    status: 200,
    permissions: ['printer.stats'],
    older: true,
    body: null,
  } as const;
  return [
    operation({
      ...base,
      id: 'older.printers.stats',
      path: '/v1/printers/stats',
      summary: 'The live state of every printer',
      params: noParams,
      run: (_input, context) => of(null, context),
    }),
    operation({
      ...base,
      id: 'older.printers.statsOf',
      path: '/v1/printers/stats/{ids}',
      summary: 'The live state of some printers, their ids with commas between',
      params: z.object({ ids: z.string().transform((text) => new Set(text.split(','))) }),
      run: ({ params }, context) => of(params.ids, context),
    }),
  ];
}

/** What the caller may do. A key is its own user here. */
function myPermissions(ofUser: Operation | undefined): Operation {
  return operation({
    id: 'older.permissions.mine',
    method: 'GET',
    path: '/v1/permissions/mine',
    status: 200,
    summary: 'What the caller may do',
    permissions: [],
    older: true,
    params: noParams,
    body: null,
    async run(input, context) {
      const { actor, permissions } = context.caller;
      if (ofUser && actor.type === 'user')
        return ofUser.run({ ...input, params: { userId: actor.id } }, context);
      const held = [...permissions].sort();
      return {
        owner: permissions.has('organization.owner'),
        permissions: held.map((permission) => ({ id: permission, userId: actor.id, permission })),
        effectivePermissions: held,
      };
    },
  });
}
