import { z } from 'zod';
import { PART_TYPES } from '../../contract/enums.js';
import { ApiError } from '../../contract/errors.js';
import { newId } from '../../contract/ids.js';
import type { Transaction } from '../../database/transaction.js';
import { checkReferences, removeEntity } from '../../domain/entities.js';
import { giveToPart, type PartFile, resolveGivenFiles } from '../../domain/files.js';
import { setPartMaterials } from '../../domain/part-materials.js';
import { requireProfiles } from '../../domain/profiles.js';
import { answered } from '../../resources/answered.js';
import { part } from '../../resources/index.js';
import type { Row } from '../../resources/resource.js';
import { materialAssignments, partParameter, tags } from '../../resources/shapes.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { id, idParam, ids, noParams } from '../schemas.js';
import { standardOperations } from '../standard.js';
import { contentFields, namePictures } from './part-files.js';
import { type ReadUpload, readUpload } from './sliced-upload.js';

const update = z.object({
  name: z.string().min(1).max(1024).optional(),
  type: z.enum(PART_TYPES).optional(),
  description: z.string().optional(),
  fileUris: z.array(z.string()).min(1).max(200).optional(),
  parameters: z.array(partParameter).optional(),
  printTags: tags.optional(),
  overriddenProcessProfileId: id.nullable().optional(),
  folderId: id.nullable().optional(),
  slicerOverride: z.string().nullable().optional(),
  use3MFProcessProfile: z.boolean().optional(),
  arrangeable: z.boolean().optional(),
  userTags: z.array(z.string()).max(10).optional(),
  assignedMaterials: materialAssignments.optional(),
});
type UpdateBody = z.infer<typeof update>;

const insert = update.extend({
  name: z.string().min(1).max(1024),
  type: z.enum(PART_TYPES),
  fileUris: z.array(z.string()).min(1).max(200),
});

const ARRANGEABLE = new Set(['stl', 'step', 'scad', 'cadquery']);
/** Parts whose file is a zip that may hold sliced plates. */
const ARCHIVES = new Set(['3mf', 'gcode3mf']);

export function partOperations(deps: Deps): Operation[] {
  const { database, presenter, files } = deps;
  const present = (row: Row<typeof part>) => part.present(row, presenter);

  /** Reads what the files hold; outside any transaction, for it takes its time. */
  async function read(
    given: readonly string[],
    owned: readonly string[],
    type: string,
    context: CallContext,
  ): Promise<{
    files: readonly PartFile[];
    upload: ReadUpload | null;
    type: Row<typeof part>['type'] | null;
  }> {
    const found = await database.write(context.write, (tx) => resolveGivenFiles(tx, given, owned));
    const [main] = found;
    if (!main || !ARCHIVES.has(type)) return { files: found, upload: null, type: null };
    const upload = await readUpload(files, main.sha256, context.signal);
    // The contents say what it is, whatever it was sent as.
    if (upload.file.kind === 'sliced') return { files: found, upload, type: 'gcode3mf' };
    if (type === 'gcode3mf') {
      throw new ApiError(
        'unsupported_file',
        'The file is not sliced: it holds no plate with G-code. Slice it first, or add it as type 3mf',
      );
    }
    return { files: found, upload, type: '3mf' };
  }

  const create = operation({
    id: 'parts.create',
    method: 'POST',
    path: '/v1/parts',
    status: 201,
    summary: 'Make a part of uploaded files',
    permissions: ['part.create'],
    params: noParams,
    body: insert,
    answer: () => answered(part),
    async run({ body }, context) {
      const contents = await read(body.fileUris, [], body.type, context);
      const type = contents.type ?? body.type;
      const row = await database.write(context.write, async (tx) => {
        await checkPart(tx, body);
        const partId = newId();
        const own = await giveToPart(tx, partId, contents.files);
        const pictures = await namePictures(tx, partId, contents.upload?.pictures ?? []);
        const made = await tx.insert(part, {
          ...plainFields(body),
          id: partId,
          storeId: context.write.storeId,
          name: body.name,
          type,
          arrangeable: body.arrangeable ?? ARRANGEABLE.has(type),
          fileUris: own.map((file) => file.uri),
          fileHashes: own.map((file) => file.sha256),
          uploadedAt: tx.now,
          ...contentFields(contents.upload, pictures),
        });
        if (body.assignedMaterials) await setPartMaterials(tx, partId, body.assignedMaterials);
        return made;
      });
      return present(row);
    },
  });

  /** New files are read; so are the old ones when they are said to be something else. */
  async function updateOne(
    partId: string,
    body: UpdateBody,
    context: CallContext,
  ): Promise<Row<typeof part>> {
    const before = await database.write(context.write, (tx) => tx.get(part, partId));
    const other = body.type !== undefined && body.type !== before.type;
    const given = body.fileUris ?? (other ? before.fileUris : null);
    const contents = given ? await read(given, before.fileUris, body.type ?? before.type, context) : null;
    return database.write(context.write, async (tx) => {
      await checkPart(tx, body);
      const fields = contents ? await replaceFiles(tx, await tx.get(part, partId), contents) : {};
      if (body.assignedMaterials) await setPartMaterials(tx, partId, body.assignedMaterials);
      return tx.update(part, partId, { ...plainFields(body), type: body.type, ...fields });
    });
  }

  async function replaceFiles(
    tx: Transaction,
    before: Row<typeof part>,
    contents: Awaited<ReturnType<typeof read>>,
  ) {
    const own = await giveToPart(tx, before.id, contents.files);
    const pictures = await namePictures(tx, before.id, contents.upload?.pictures ?? []);
    const fileHashes = own.map((file) => file.sha256);
    const same = fileHashes.join() === before.fileHashes.join();
    return {
      fileUris: own.map((file) => file.uri),
      fileHashes,
      ...(same ? {} : { uploadedAt: tx.now, gcodePlateUris: null }),
      ...contentFields(contents.upload, pictures),
      ...(contents.type ? { type: contents.type } : {}),
    };
  }

  const change = operation({
    id: 'parts.update',
    method: 'PATCH',
    path: '/v1/parts/{id}',
    status: 200,
    summary: 'Change a part; new files are read anew',
    permissions: ['part.edit'],
    params: idParam,
    body: update,
    answer: () => answered(part),
    run: async ({ params, body }, context) => present(await updateOne(params.id, body, context)),
  });

  const changeMany = operation({
    id: 'parts.updateMany',
    method: 'PATCH',
    path: '/v1/parts',
    status: 200,
    summary: 'Make the same change to many parts',
    permissions: ['part.edit'],
    params: noParams,
    body: z.object({ ids, update: update.omit({ fileUris: true }) }),
    answer: () => z.array(answered(part)),
    async run({ body }, context) {
      const changed: Row<typeof part>[] = [];
      for (const partId of new Set(body.ids)) {
        const known = await database.write(context.write, (tx) => tx.find(part, partId));
        if (known) changed.push(await updateOne(partId, body.update, context));
      }
      return changed.map(present);
    },
  });

  const remove = operation({
    id: 'parts.delete',
    method: 'DELETE',
    path: '/v1/parts/{id}',
    status: 200,
    summary: 'Delete a part; builds and jobs keep their copy, queued jobs are still printed',
    permissions: ['part.delete'],
    params: idParam,
    body: null,
    answer: () => ids,
    async run({ params }, { write }) {
      await database.write(write, (tx) => removeEntity(tx, part, params.id));
      return [params.id];
    },
  });

  const removeMany = operation({
    id: 'parts.deleteMany',
    method: 'DELETE',
    path: '/v1/parts',
    status: 200,
    summary: 'Delete many parts',
    permissions: ['part.delete'],
    params: noParams,
    body: ids,
    answer: () => ids,
    run: ({ body }, { write }) =>
      database.write(write, async (tx) => {
        const removed = [];
        for (const partId of body) {
          if (!(await tx.find(part, partId))) continue;
          await removeEntity(tx, part, partId);
          removed.push(partId);
        }
        return removed;
      }),
  });

  return [...standardOperations(part, deps), create, changeMany, removeMany, change, remove];
}

/** What a part refers to must be there. @throws ApiError not_found, validation_failed */
async function checkPart(tx: Transaction, body: UpdateBody): Promise<void> {
  await checkReferences(tx, part, plainFields(body));
  await requireProfiles(tx, body, { overriddenProcessProfileId: 'process' });
}

/** Fields of a request that go into the row as they are. */
function plainFields(body: UpdateBody) {
  const { description, parameters, printTags, overriddenProcessProfileId, folderId } = body;
  const { name, slicerOverride, use3MFProcessProfile, arrangeable, userTags } = body;
  return {
    name,
    description,
    parameters,
    printTags,
    overriddenProcessProfileId,
    folderId,
    slicerOverride,
    use3MFProcessProfile,
    arrangeable,
    userTags,
  };
}
