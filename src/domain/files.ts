import type { Kysely } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import { timestamp } from '../contract/time.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { storedFile, type Tables } from '../resources/index.js';
import type { Row } from '../resources/resource.js';
import { isSamePath, parseStoragePath, partFilePath, uploadPath } from '../storage/storage-path.js';

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
 * The bytes behind the paths a client gave for a part: fresh uploads, or files the part owns already.
 *
 * @throws ApiError validation_failed naming the path
 */
export async function resolveGivenFiles(
  tx: Transaction,
  given: readonly string[],
  owned: readonly string[],
): Promise<readonly PartFile[]> {
  const files: PartFile[] = [];
  for (const path of given) {
    const known = owned.find((uri) => isSamePath(uri, path));
    const row = await fileByUri(tx, known ?? path);
    if (!row || parseStoragePath(row.uri)?.storeId !== tx.context.storeId) {
      throw badFile(
        path,
        'is not a path that an upload answered; ask for one at /v1/storage/signed-upload-urls',
      );
    }
    if (row.sha256 === null) throw badFile(path, 'was never uploaded; PUT the bytes to its uploadUrl first');
    files.push({ uri: row.uri, sha256: row.sha256, bytes: row.bytes ?? 0 });
  }
  return files;
}

function badFile(path: string, fault: string): ApiError {
  const expected = 'the path of a finished upload';
  return new ApiError('validation_failed', `fileUris: ${JSON.stringify(path)} ${fault}`, {
    errors: [{ path: '$input.fileUris', expected, value: path }],
  });
}

/**
 * Gives files to a part: uploads get a name of the part's, which is what the part answers from then on. The upload
 * stays until it expires, so that the same path can be used for another part.
 */
export async function giveToPart(
  tx: Transaction,
  partId: string,
  files: readonly PartFile[],
): Promise<readonly PartFile[]> {
  const result: PartFile[] = [];
  for (const file of files) {
    const parsed = parseStoragePath(file.uri);
    if (parsed?.kind === 'part' && parsed.partId === partId) {
      result.push(file);
      continue;
    }
    const uri = partFilePath(tx.context.storeId, partId, parsed?.fileName ?? 'file');
    await nameContent(tx, uri, 'part', partId, file);
    result.push({ ...file, uri });
  }
  return result;
}

/** Points a name at bytes, making the name when there is none. */
export async function nameContent(
  tx: Transaction,
  uri: string,
  kind: 'part' | 'thumbnail',
  ownerId: string,
  content: Content,
): Promise<void> {
  const { sha256, bytes } = content;
  const row = await fileByUri(tx, uri);
  if (row) await tx.update(storedFile, row.id, { sha256, bytes });
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
    .execute();
  const needed = await neededUris(tx);
  const gone = [...uploads, ...orphans.filter((row) => !needed.has(row.uri))];
  for (const row of gone) await tx.remove(storedFile, row.id);
  return gone.length;
}

async function neededUris(tx: Transaction): Promise<ReadonlySet<string>> {
  const rows = await tx.db
    .selectFrom('printJob')
    .select(['filesToPrint', 'thumbnailUri'])
    .distinct()
    .where('storeId', '=', tx.context.storeId)
    .where('status', 'not in', ['completed', 'failed', 'cancelled'])
    .execute();
  const uris = new Set<string>();
  for (const row of rows) {
    const files: unknown = JSON.parse(row.filesToPrint);
    for (const uri of Array.isArray(files) ? files : []) uris.add(String(uri));
    if (row.thumbnailUri !== null) uris.add(row.thumbnailUri);
  }
  return uris;
}
