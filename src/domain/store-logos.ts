import { extname } from 'node:path/posix';
import { ApiError } from '../contract/errors.js';
import { newId } from '../contract/ids.js';
import type { Transaction } from '../database/transaction.js';
import { store, storedFile } from '../resources/index.js';
import type { Patch } from '../resources/resource.js';
import { parseStoragePath } from '../storage/storage-path.js';
import { nameContent, resolveGivenFiles } from './files.js';

export type LogoKind = 'light' | 'dark';

/** Pictures that browsers show and that carry no script. */
const PICTURES: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** Paths of finished uploads by what they are the logo of; null takes a logo away, undefined leaves it. */
export type GivenLogos = { readonly [K in LogoKind]?: string | null | undefined };

/**
 * Takes uploads as the store's logos. Each gets a name of its own, for browsers keep pictures by their address; the one
 * before is left to the sweep.
 *
 * @throws ApiError validation_failed for a path that no upload answered, unsupported_file for what is no picture
 */
export async function takeLogos(tx: Transaction, { light, dark }: GivenLogos): Promise<Patch<typeof store>> {
  return {
    ...(light === undefined ? {} : { logoLightUrl: await takeLogo(tx, 'light', light) }),
    ...(dark === undefined ? {} : { logoDarkUrl: await takeLogo(tx, 'dark', dark) }),
  };
}

async function takeLogo(tx: Transaction, kind: LogoKind, path: string | null): Promise<string | null> {
  const { storeId } = tx.context;
  const before = await tx.get(store, storeId);
  const old = kind === 'light' ? before.logoLightUrl : before.logoDarkUrl;
  const uri = path === null ? null : await nameLogo(tx, kind, path);
  if (old !== null) await disownLogo(tx, old);
  return uri;
}

async function nameLogo(tx: Transaction, kind: LogoKind, path: string): Promise<string> {
  const { storeId } = tx.context;
  const extension = extname(parseStoragePath(path)?.fileName ?? '').toLowerCase();
  const [file] = await resolveGivenFiles(
    tx,
    [path],
    [],
    kind === 'light' ? 'logoLightUploadPath' : 'logoDarkUploadPath',
  );
  if (!file || !PICTURES.has(extension)) {
    throw new ApiError('unsupported_file', `A logo is a picture: ${[...PICTURES].join(', ')}`);
  }
  const uri = `${storeId}/logos/${kind}-${newId()}${extension}`;
  await nameContent(tx, uri, 'logo', storeId, file);
  return uri;
}

async function disownLogo(tx: Transaction, uri: string): Promise<void> {
  const row = await tx.db
    .selectFrom('storedFile')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('uri', '=', uri)
    .executeTakeFirst();
  if (row) await tx.update(storedFile, row.id, { ownerId: null });
}
