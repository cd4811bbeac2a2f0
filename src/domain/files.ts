import type { Kysely } from 'kysely';
import { JOB_STATUSES } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { timestamp } from '../contract/time.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { storedFile, type Tables } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { isSamePath, parseStoragePath, partFilePath, uploadPath } from '../storage/storage-path.js';
import { hasEnded } from './job-status.js';

const UNFINISHED = JOB_STATUSES.filter((status) => !hasEnded(status));

export type StoredFile = Row<typeof storedFile>;

/** Bytes that have arrived. */
export interface Content {
  readonly sha256: string;
  readonly bytes: number;
}

/** A file as a part holds it. */
export interface PartFile extends Content {
  readonly uri: string;
}

/** Makes the name under which a client may send a file, once, until it expires. */
export async function reserveUpload(
  tx: Transaction,
  fileName: string,
  lifetimeMs: number,
): Promise<StoredFile> {
  return tx.insert(storedFile, {
    storeId: tx.context.storeId,
    uri: uploadPath(tx.context.storeId, newId(), fileName),
    kind: 'upload',
    expiresAt: timestamp(tx.at + lifetimeMs),
  });
}

/** The bytes of an upload have arrived. @throws ApiError invalid_state when they had before */
export async function completeUpload(tx: Transaction, uri: string, content: Content): Promise<void> {
  const row = await fileByUri(tx, uri);
  if (!row) throw new ApiError('not_found', 'This upload address is not known; ask for a new one');
  if (row.sha256 !== null) throw alreadyUsed();
  await tx.update(storedFile, row.id, { sha256: content.sha256, bytes: content.bytes });
}

export function alreadyUsed(): ApiError {
  return new ApiError('invalid_state', 'This upload address was used already; ask for a new one');
}

export async function fileByUri(
  tx: Pick<Transaction, 'db' | 'context'>,
  uri: string,
): Promise<StoredFile | null> {
  const raw = await tx.db
    .selectFrom('storedFile')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where('uri', '=', uri)
    .executeTakeFirst();
  return raw ? decodeRow(storedFile, raw) : null;
}

/**
 * The bytes behind the paths a client gave in `field`: fresh uploads, or files the part owns already.
 *
 * @throws ApiError validation_failed naming the path
 */
export async function resolveGivenFiles(
  tx: Transaction,
  given: readonly string[],
  owned: readonly string[],
  field = 'fileUris',
): Promise<readonly PartFile[]> {
  const files: PartFile[] = [];
  for (const path of given) {
    const known = owned.find((uri) => isSamePath(uri, path));
    const row = await fileByUri(tx, known ?? path);
    if (!row || parseStoragePath(row.uri)?.storeId !== tx.context.storeId) {
      throw badFile(
        field,
        path,
        'is not a path that an upload answered; ask for one at /v1/storage/signed-upload-urls',
      );
    }
    if (row.sha256 === null)
      throw badFile(field, path, 'was never uploaded; PUT the bytes to its uploadUrl first');
    files.push({ uri: row.uri, sha256: row.sha256, bytes: row.bytes ?? 0 });
  }
  return files;
}

function badFile(field: string, path: string, fault: string): ApiError {
  const expected = 'the path of a finished upload';
  return new ApiError('validation_failed', `${field}: ${JSON.stringify(path)} ${fault}`, {
    errors: [{ path: `$input.${field}`, expected, value: path }],
  });
}

/**
 * Gives files to a part: uploads get a name of the part's, which is what the part answers from then on. The upload
 * stays until it expires, so that the same path can be used for another part. Files that the part had before and has
 * no more are its no longer; the sweep takes them once no unfinished job needs them.
 */
export async function giveToPart(
  tx: Transaction,
  partId: string,
  files: readonly PartFile[],
): Promise<readonly PartFile[]> {
  const result: PartFile[] = [];
  const isOwn = (uri: string) => {
    const parsed = parseStoragePath(uri);
    return parsed?.kind === 'part' && parsed.partId === partId;
  };
  const wanted = new Set([...(await neededUris(tx, partId)), ...files.map((file) => file.uri).filter(isOwn)]);
  for (const file of files) {
    const parsed = parseStoragePath(file.uri);
    const taken = (uri: string) => wanted.has(uri) || result.some((other) => other.uri === uri);
    const uri = isOwn(file.uri)
      ? file.uri
      : await freeName(tx, partId, parsed?.fileName ?? 'file', file, taken);
    await nameContent(tx, uri, 'part', partId, file);
    result.push({ ...file, uri });
  }
  await disown(tx, partId, 'part', new Set(result.map((file) => file.uri)));
  return result;
}

/** The file's own name, or with a number when other bytes have that name that are still wanted. */
async function freeName(
  tx: Transaction,
  partId: string,
  fileName: string,
  content: Content,
  taken: (uri: string) => boolean,
): Promise<string> {
  const [, stem = fileName, extension = ''] = /^(.+?)((?:\.gcode)?\.[^.]*)$/i.exec(fileName) ?? [];
  for (let copy = 1; ; copy += 1) {
    const name = copy === 1 ? fileName : `${stem} (${copy})${extension}`;
    const uri = partFilePath(tx.context.storeId, partId, name);
    if (!taken(uri) || (await fileByUri(tx, uri))?.sha256 === content.sha256) return uri;
  }
}

/** Lets go of the part's files of that kind that are not among these. */
export async function disown(
  tx: Transaction,
  partId: string,
  kind: 'part' | 'thumbnail',
  kept: ReadonlySet<string>,
): Promise<void> {
  const rows = await tx.db
    .selectFrom('storedFile')
    .select(['id', 'uri'])
    .where('ownerId', '=', partId)
    .where('kind', '=', kind)
    .execute();
  for (const row of rows) if (!kept.has(row.uri)) await tx.update(storedFile, row.id, { ownerId: null });
}

/** Points a name at bytes, making the name when there is none. */
export async function nameContent(
  tx: Transaction,
  uri: string,
  kind: 'part' | 'thumbnail' | 'logo',
  ownerId: string,
  content: Content,
): Promise<void> {
  const { sha256, bytes } = content;
  const row = await fileByUri(tx, uri);
  if (row) await tx.update(storedFile, row.id, { ownerId, sha256, bytes });
  else await tx.insert(storedFile, { storeId: tx.context.storeId, uri, kind, ownerId, sha256, bytes });
}

/** Of these hashes, those that some name or an open dispatch still points at. */
export async function referencedHashes(db: Kysely<Tables>, hashes: readonly string[]): Promise<Set<string>> {
  const named = await db
    .selectFrom('storedFile')
    .select('sha256')
    .where('sha256', 'in', [...hashes])
    .execute();
  const sending = await db
    .selectFrom('dispatch')
    .select('sha256')
    .where('sha256', 'in', [...hashes])
    .where('endedAt', 'is', null)
    .execute();
  return new Set([...named, ...sending].flatMap((row) => (row.sha256 === null ? [] : [row.sha256])));
}

/**
 * Forgets names nobody will use: expired uploads, and files of parts that are gone once no unfinished job needs them.
 *
 * @returns how many
 */
export async function forgetUnused(tx: Transaction, uploadsBefore: string): Promise<number> {
  const uploads = await tx.db
    .selectFrom('storedFile')
    .select('id')
    .where('kind', '=', 'upload')
    .where('createdAt', '<', uploadsBefore)
    .execute();
  const orphans = await tx.db
    .selectFrom('storedFile')
    .select(['storedFile.id', 'storedFile.uri'])
    .leftJoin('part', 'part.id', 'storedFile.ownerId')
    .where('storedFile.kind', '!=', 'upload')
    .where('part.id', 'is', null)
    .where((row) => row.or([row('kind', '!=', 'logo'), row('ownerId', 'is', null)]))
    .execute();
  const needed = await neededUris(tx);
  const gone = [...uploads, ...orphans.filter((row) => !needed.has(row.uri))];
  for (const row of gone) await tx.remove(storedFile, row.id);
  return gone.length;
}

/** Files and pictures of jobs that have not ended: of all, or of one part's. */
async function neededUris(tx: Transaction, partId?: string): Promise<ReadonlySet<string>> {
  let query = tx.db
    .selectFrom('printJob')
    .select(['filesToPrint', 'thumbnailUri', 'buildThumbnailUri'])
    .distinct()
    .where('storeId', '=', tx.context.storeId)
    .where('status', 'in', UNFINISHED);
  if (partId !== undefined) query = query.where('partId', '=', partId);
  const uris = new Set<string>();
  for (const row of await query.execute()) {
    const files: unknown = JSON.parse(row.filesToPrint);
    for (const uri of Array.isArray(files) ? files : []) uris.add(String(uri));
    for (const uri of [row.thumbnailUri, row.buildThumbnailUri]) if (uri !== null) uris.add(uri);
  }
  return uris;
}
