import { z } from 'zod';
import { createSku, createSkuOfPart, type Sku, updateSku } from '../../domain/skus.js';
import { answered } from '../../resources/answered.js';
import { linkedPart, part, sku } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { embedMany, embedOne } from '../embed.js';
import { type Operation, operation } from '../operation.js';
import { id, idParam, ids, noParams } from '../schemas.js';
import { getOperation, standardOperations } from '../standard.js';
import { removeMany } from '../standard-writes.js';

const ofLink = linkedPart.columns;
const link = z.object({
  /** Known from where it stands. */
  skuId: id.optional(),
  partId: ofLink.partId.schema,
  parameters: ofLink.parameters.schema,
  quantity: ofLink.quantity.schema,
  label: ofLink.label.schema,
  exposedParameters: ofLink.exposedParameters.schema,
  materialAssignments: ofLink.materialAssignments.schema.optional(),
  extensions: ofLink.extensions.schema.optional(),
  parameterBindings: ofLink.parameterBindings.schema.optional(),
  plateQuantitiesBinding: ofLink.plateQuantitiesBinding.schema.optional(),
});

const ofSku = sku.columns;
const insert = z.object({
  sku: ofSku.sku.schema,
  title: ofSku.title.schema,
  description: ofSku.description.schema,
  externalId: ofSku.externalId.schema,
  externalProvider: ofSku.externalProvider.schema,
  folderId: ofSku.folderId.schema.optional(),
  inputs: ofSku.inputs.schema.optional(),
  linkedParts: z.array(link).max(1_000),
  /** Ids of its options, in their order. */
  optionBindings: z.array(id).max(100).optional(),
});

/** A SKU with its parts. */
function withLinks(): z.ZodObject {
  return answered(sku)
    .extend({ linkedParts: z.array(answered(linkedPart)) })
    .meta({ id: 'SkuLinkedPartsRelation' });
}

/** A SKU with its parts, each with the part that it stands for. */
function withWholeLinks(): z.ZodObject {
  const whole = answered(linkedPart)
    .extend({ part: answered(part) })
    .meta({ id: 'LinkedPartPartRelation' });
  return answered(sku)
    .extend({ linkedParts: z.array(whole) })
    .meta({ id: 'SkuLinkedPartsWithPartRelation' });
}

/** SKUs and the parts that they are made of; the rules are in `domain/skus.ts` and `domain/linked-parts.ts`. */
export function skuOperations(deps: Deps): Operation[] {
  const { database, presenter } = deps;
  const linkedParts = { name: 'linkedParts', target: linkedPart, via: 'skuId', order: 'position' };
  const withParts = embedMany(deps, linkedParts);
  const withWholeParts = embedMany(deps, {
    ...linkedParts,
    deeper: embedOne(deps, { name: 'part', target: part, via: 'partId' }),
  });
  const present = (row: Sku) => sku.present(row, presenter);

  const create = operation({
    id: 'skus.create',
    method: 'POST',
    path: '/v1/skus',
    status: 201,
    summary: 'Make a SKU with its parts',
    permissions: ['sku.create'],
    params: noParams,
    body: insert,
    answer: withLinks,
    async run({ body: { linkedParts, optionBindings: optionIds, ...values } }, { write }) {
      const row = await database.write(write, (tx) => createSku(tx, { values, linkedParts, optionIds }));
      const [whole] = await withParts([present(row)]);
      return whole;
    },
  });

  const change = operation({
    id: 'skus.update',
    method: 'PATCH',
    path: '/v1/skus/{id}',
    status: 200,
    summary: 'Change a SKU; what is left out stays, linkedParts and optionBindings are replaced as a whole',
    permissions: ['sku.edit'],
    params: idParam,
    body: insert.partial(),
    answer: () => answered(sku),
    async run({ params, body: { linkedParts, optionBindings: optionIds, ...values } }, { write }) {
      const row = await database.write(write, (tx) =>
        updateSku(tx, params.id, { values, linkedParts, optionIds }),
      );
      return present(row);
    },
  });

  const removeSkus = operation({
    id: 'skus.deleteMany',
    method: 'POST',
    path: '/v1/skus/delete-many',
    status: 201,
    summary: 'Delete every SKU of a list; answers the ids of all that went, those not there left out',
    permissions: ['sku.delete'],
    params: noParams,
    body: ids,
    answer: () => ids,
    run: ({ body }, { write }) => database.write(write, (tx) => removeMany(tx, sku, body)),
  });

  const createOfParts = operation({
    id: 'parts.createSkus',
    audit: 'sku.createFromParts',
    method: 'POST',
    path: '/v1/parts/create-skus',
    status: 201,
    summary: 'Make a SKU of one copy of each part; all of them or none',
    permissions: ['sku.create'],
    params: noParams,
    body: z.array(z.object({ partId: id, skuName: ofSku.sku.schema })).max(1_000),
    answer: () => z.array(answered(sku)),
    async run({ body }, { write }) {
      const rows = await database.write(write, async (tx) => {
        const made: Sku[] = [];
        for (const { partId, skuName } of body) made.push(await createSkuOfPart(tx, partId, skuName));
        return made;
      });
      return rows.map(present);
    },
  });

  return [
    createOfParts,
    removeSkus,
    ...standardOperations(sku, deps, withParts, withLinks),
    getOperation(sku, deps, { embed: withWholeParts, entity: withWholeLinks }),
    create,
    change,
    ...standardOperations(linkedPart, deps),
  ];
}
