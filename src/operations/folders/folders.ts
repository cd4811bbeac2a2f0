import { z } from 'zod';
import { FOLDER_TYPES } from '../../contract/enums.js';
import { invalidInput } from '../../contract/errors.js';
import type { Transaction } from '../../database/transaction.js';
import { removeEntity, updateEntity } from '../../domain/entities.js';
import { answered } from '../../resources/answered.js';
import { folder, part, sku } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id, ids, noParams } from '../schemas.js';
import { plainListOperation, standardOperations } from '../standard.js';

const type = z.enum(FOLDER_TYPES);

/** Folders and what lies in them; that trees stay trees is in `domain/folders.ts`. */
export function folderOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;

  const ofType = (of: (typeof FOLDER_TYPES)[number]) =>
    plainListOperation(folder, deps, {
      id: `folders.${of}s`,
      path: `/v1/folders/${of}s`,
      summary: `List the folders of ${of}s`,
      params: noParams,
      permission: `${of}.view`,
      where: () => ({ kind: 'field', field: 'type', operator: 'eq', value: of }),
    });
  const byType = plainListOperation(folder, deps, {
    id: 'folders.byType',
    path: '/v1/folders/by-type/{type}',
    summary: 'List the folders of one kind',
    params: z.object({ type }),
    where: (params) => ({ kind: 'field', field: 'type', operator: 'eq', value: params.type }),
  });

  const rename = operation({
    id: 'folders.rename',
    method: 'PATCH',
    path: '/v1/folders/rename',
    status: 200,
    summary: 'Give a folder another name',
    permissions: ['part.edit'],
    params: noParams,
    body: z.object({ id, name: z.string().min(1).max(255) }),
    answer: () => answered(folder),
    async run({ body }, { write }) {
      const row = await database.write(write, (tx) => tx.update(folder, body.id, { name: body.name }));
      return folder.present(row, presenter);
    },
  });

  const move = operation({
    id: 'folders.move',
    method: 'PATCH',
    path: '/v1/folders/move',
    status: 200,
    summary: 'Put folders, parts and SKUs into another folder, or to the top; all of them or none',
    permissions: ['part.edit'],
    params: noParams,
    body: z.object({
      entities: z.object({
        folderIds: ids.optional(),
        partIds: ids.optional(),
        skuIds: ids.optional(),
      }),
      toFolderId: id.nullable(),
    }),
    answer: () => z.object({ folderIds: ids, partIds: ids, skuIds: ids }),
    run: ({ body }, { write }) =>
      database.write(write, async (tx) => {
        const { folderIds = [], partIds = [], skuIds = [] } = body.entities;
        const target = body.toFolderId === null ? null : await tx.get(folder, body.toFolderId);
        const held = [...(partIds.length > 0 ? ['part'] : []), ...(skuIds.length > 0 ? ['sku'] : [])];
        for (const kind of held) {
          if (!target || target.type === kind) continue;
          throw invalidInput([
            { path: '$input.toFolderId', expected: `a folder of type ${kind}`, value: target.id },
          ]);
        }
        for (const one of new Set(folderIds))
          await updateEntity(tx, folder, one, { parentId: body.toFolderId });
        for (const one of new Set(partIds)) await tx.update(part, one, { folderId: body.toFolderId });
        for (const one of new Set(skuIds)) await tx.update(sku, one, { folderId: body.toFolderId });
        return { folderIds, partIds, skuIds };
      }),
  });

  const remove = operation({
    id: 'folders.delete',
    method: 'DELETE',
    path: '/v1/folders/delete',
    status: 200,
    summary: 'Delete folders with all that lies in them; jobs that are queued are still printed',
    permissions: ['part.delete'],
    params: noParams,
    body: z.object({ folderIds: ids, type }),
    answer: () => z.object({ success: z.boolean(), affected: z.int(), message: z.string().optional() }),
    run: ({ body }, { write }) => database.write(write, (tx) => removeFolders(tx, body)),
  });

  return [...standardOperations(folder, deps), ofType('part'), ofType('sku'), byType, move, rename, remove];
}

/** @returns how many folders and things in them went */
async function removeFolders(
  tx: Transaction,
  given: { readonly folderIds: readonly string[]; readonly type: (typeof FOLDER_TYPES)[number] },
): Promise<{ success: boolean; affected: number }> {
  let affected = 0;
  for (const folderId of new Set(given.folderIds)) {
    // One that lay in another of the list is gone already.
    const row = await tx.find(folder, folderId);
    if (row?.type === given.type) affected += (await removeEntity(tx, folder, folderId)).length;
  }
  return { success: true, affected };
}
