import { z } from 'zod';
import { decodeRow } from '../../database/rows.js';
import { answered } from '../../resources/answered.js';
import { estimateShape, metadataShape } from '../../resources/file-shapes.js';
import { part } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { notYet } from '../not-yet.js';
import { type Operation, operation } from '../operation.js';
import { id, idParam } from '../schemas.js';

const partId = z.object({ partId: id });

const metadata = (): z.ZodType =>
  z
    .object({
      partId: z.string(),
      metadata3mf: metadataShape().nullable(),
      slicingEstimate: estimateShape().nullable(),
      inputHash: z.string().nullable(),
      storeId: id,
      updatedAt: z.iso.datetime(),
      createdAt: z.iso.datetime(),
    })
    .meta({ id: 'PartMetadata' });

/** What was found out about a part, and what a slicer will find out. */
export function partDetailOperations({ database }: Pick<Deps, 'database'>): Operation[] {
  const known = operation({
    id: 'parts.metadata',
    method: 'GET',
    path: '/v1/parts/{partId}/metadata',
    status: 200,
    summary: 'Read what was found in the file of a part; null while nothing is known',
    permissions: ['part.view'],
    params: partId,
    body: null,
    answer: () => metadata().nullable(),
    async run({ params }, { caller }) {
      const raw = await database.read
        .selectFrom('part')
        .selectAll()
        .where('id', '=', params.partId)
        .where('storeId', '=', caller.storeId)
        .executeTakeFirst();
      const row = raw ? decodeRow(part, raw) : null;
      if (!row || (row.metadata === null && row.slicingEstimate === null)) return null;
      return {
        partId: row.id,
        metadata3mf: row.metadata,
        slicingEstimate: row.slicingEstimate,
        inputHash: row.fileHashes[0] ?? null,
        storeId: row.storeId,
        updatedAt: row.updatedAt,
        createdAt: row.createdAt,
      };
    },
  });

  const estimate = notYet({
    id: 'parts.estimate',
    method: 'POST',
    path: '/v1/parts/{partId}/estimate',
    status: 201,
    summary: 'Slice a part to learn its time and material',
    permissions: ['part.edit'],
    params: partId,
    body: null,
    answer: () => z.object({ message: z.string() }),
  });

  const split = notYet({
    id: 'parts.splitPlates',
    method: 'POST',
    path: '/v1/parts/{id}/split-plates',
    status: 201,
    summary: 'Split a file with several plates',
    permissions: ['part.edit'],
    params: idParam,
    body: null,
    answer: () => answered(part),
  });

  return [known, estimate, split];
}
