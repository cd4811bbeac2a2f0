import { z } from 'zod';
import { ApiError } from '../../contract/errors.js';
import { fileByUri, reserveUpload } from '../../domain/files.js';
import { encodeFileName, fileNameOf } from '../../storage/file-name.js';
import { StorageError } from '../../storage/storage-error.js';
import { readablePath } from '../../storage/storage-path.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

const MAX_DURATION_S = 604_800;

export function storageOperations(deps: Deps): Operation[] {
  const { database, urls, settings, clock } = deps;

  const uploadUrls = operation({
    id: 'storage.signedUploadUrls',
    method: 'POST',
    path: '/v1/storage/signed-upload-urls',
    status: 201,
    summary: 'Addresses to which files can be sent, one per name, in the same order',
    permissions: ['part.create'],
    params: noParams,
    body: z.object({ filenames: z.array(z.string().min(1)).min(1).max(500) }),
    answer: () => z.object({ signedUrls: z.array(z.object({ path: z.string(), uploadUrl: z.string() })) }),
    async run({ body }, { write }) {
      const names = body.filenames.map(acceptableName);
      const rows = await database.write(write, async (tx) => {
        const made = [];
        for (const name of names) made.push(await reserveUpload(tx, name, settings.uploadLifetimeMs));
        return made;
      });
      const expiresAt = clock.now() + settings.uploadLifetimeMs;
      return {
        signedUrls: rows.map((row) => ({
          path: row.uri,
          uploadUrl: urls.upload(write.storeId, row.uri, expiresAt),
        })),
      };
    },
  });

  const downloadUrls = operation({
    id: 'storage.signedUrls',
    method: 'POST',
    path: '/v1/storage/signed-urls',
    status: 201,
    summary: 'Addresses from which files can be fetched, in the order of the paths',
    permissions: ['file.download'],
    params: noParams,
    body: z.object({
      paths: z.array(z.string().min(1)).max(1_000),
      /** Seconds. */
      duration: z.number().min(1).max(MAX_DURATION_S).optional(),
    }),
    answer: () => z.object({ signedUrls: z.array(z.string()) }),
    async run({ body }, { write }) {
      const uris = await database.write(write, async (tx) => {
        const found = [];
        for (const path of body.paths) {
          const row = (await fileByUri(tx, path)) ?? (await fileByUri(tx, encodedForm(path)));
          if (!row?.sha256) throw new ApiError('not_found', `There is no file ${JSON.stringify(path)}`);
          found.push(row.uri);
        }
        return found;
      });
      const expiresAt = clock.now() + (body.duration ?? 3_600) * 1000;
      return { signedUrls: uris.map((uri) => urls.download(write.storeId, uri, expiresAt)) };
    },
  });

  return [uploadUrls, downloadUrls];
}

function acceptableName(name: string): string {
  try {
    return fileNameOf(name);
  } catch (error) {
    if (error instanceof StorageError) throw new ApiError('validation_failed', `filenames: ${error.message}`);
    throw error;
  }
}

/** Clients may send back a path whose name they decoded. */
function encodedForm(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  const name = readablePath(path).slice(slash);
  return path.slice(0, slash) + encodeFileName(name);
}
