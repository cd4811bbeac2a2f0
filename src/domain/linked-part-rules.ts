import { sql } from 'kysely';
import { mentionsOneOf } from '../database/json-sql.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { linkedPart, material, materialGroup, materialVariant } from '../resources/index.js';
import { type LinkedPartMaterials, linkedPartMaterials } from '../resources/shapes.js';
import type { EntityRules } from './rules.js';

export const linkedPartRules: EntityRules = {
  async write(tx, values, before) {
    const { materialAssignments } = values;
    if (materialAssignments) await findMaterials(tx, linkedPartMaterials.parse(materialAssignments));
    if (before || values.position !== undefined) return values;
    const last = await tx.db
      .selectFrom('linkedPart')
      .select('position')
      .where('skuId', '=', String(values.skuId))
      .orderBy('position', 'desc')
      .executeTakeFirst();
    return { ...values, position: last ? last.position + 1 : 0 };
  },
};

/** @throws ApiError not_found for a material, variant or group that there is not */
async function findMaterials(tx: Transaction, given: LinkedPartMaterials): Promise<void> {
  for (const alternative of Object.values(given).flat()) {
    if ('groupId' in alternative) await tx.get(materialGroup, alternative.groupId);
    else if ('variantId' in alternative) await tx.get(materialVariant, alternative.variantId);
    else if ('materialId' in alternative) await tx.get(material, alternative.materialId);
  }
}

/**
 * Takes materials, variants, groups or properties that go out of what linked parts say of them. A channel with no
 * alternative left is that of the part again.
 */
export async function forgetInLinkedParts(tx: Transaction, ids: readonly string[]): Promise<void> {
  const columns = ['materialAssignments', 'parameterBindings', 'plateQuantitiesBinding'] as const;
  const mentions = columns.map((column) => mentionsOneOf(sql.ref(column), ids));
  const rows = await tx.db
    .selectFrom('linkedPart')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where((one) => one.or(mentions))
    .execute();
  const gone = new Set(ids);
  for (const raw of rows) {
    const row = decodeRow(linkedPart, raw);
    await tx.update(linkedPart, row.id, {
      materialAssignments: row.materialAssignments && without(row.materialAssignments, gone),
      parameterBindings:
        row.parameterBindings &&
        Object.fromEntries(Object.entries(row.parameterBindings).filter(([, id]) => !gone.has(id))),
      plateQuantitiesBinding:
        row.plateQuantitiesBinding !== null && gone.has(row.plateQuantitiesBinding)
          ? null
          : row.plateQuantitiesBinding,
    });
  }
}

function without(assigned: LinkedPartMaterials, gone: ReadonlySet<string>): LinkedPartMaterials | null {
  const left = Object.entries(assigned).flatMap(([channel, alternatives]) => {
    const kept = alternatives.filter((one) => !Object.values(one).some((id) => gone.has(id)));
    return kept.length > 0 || alternatives.length === 0 ? [[channel, kept] as const] : [];
  });
  return left.length > 0 ? Object.fromEntries(left) : null;
}
