import { sql } from 'kysely';
import { ApiError, invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { material, materialGroup, materialVariant } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import type { EntityRules } from './rules.js';
import { refuseCycle } from './tree.js';

export const materialRules: EntityRules = {
  async write(tx, values, before) {
    const whole = { ...before, ...values };
    const identifier = typeof values.identifier === 'string' ? values.identifier.toUpperCase() : undefined;
    await refuseTwin(tx, before, { brand: whole.brand, name: whole.name }, 'material', 'brand and name');
    if (identifier !== undefined)
      await refuseTwin(tx, before, { identifier }, 'material', `identifier ${identifier}`);
    return oneProfile({ ...values, ...(identifier === undefined ? {} : { identifier }) });
  },
};

export const variantRules: EntityRules = {
  async write(tx, values, before) {
    const { materialId, name } = { ...before, ...values };
    await refuseTwin(tx, before, { materialId, name }, 'materialVariant', 'name in this material');
    return oneProfile(values);
  },
};

export const instanceRules: EntityRules = {
  /** A spool is of one variant; material and type follow from it. */
  async write(tx, values, before) {
    const { variantId, materialId } = { ...before, ...values };
    const variant = await tx.get(materialVariant, String(variantId));
    if (values.materialId !== undefined && values.materialId !== variant.materialId) {
      throw invalidInput([
        {
          path: '$input.materialId',
          expected: `the variant's material, ${variant.materialId}`,
          value: materialId,
        },
      ]);
    }
    const { type } = await tx.get(material, variant.materialId);
    return { ...values, materialId: variant.materialId, materialType: type };
  },
};

export const groupRules: EntityRules = {
  async write(tx, values, before) {
    const { parentId } = values;
    if (typeof parentId === 'string' && typeof before?.id === 'string')
      await refuseCycle(tx, materialGroup, before.id, parentId, (row) => row.parentId);
    return values;
  },
  /** Groups inside it move up to where it was. */
  async remove(tx, row) {
    const children = await tx.db
      .selectFrom('materialGroup')
      .select('id')
      .where('parentId', '=', String(row.id))
      .execute();
    const parentId = typeof row.parentId === 'string' ? row.parentId : null;
    for (const child of children) await tx.update(materialGroup, child.id, { parentId });
  },
};

export const groupMemberRules: EntityRules = {
  async write(tx, values) {
    const { variantId, materialId } = values;
    if (typeof variantId !== 'string' && typeof materialId !== 'string') {
      throw invalidInput([{ path: '$input', expected: 'a variantId or a materialId' }]);
    }
    const variant = typeof variantId === 'string' ? await tx.get(materialVariant, variantId) : null;
    if (variant && typeof materialId === 'string' && materialId !== variant.materialId) {
      throw invalidInput([
        {
          path: '$input.materialId',
          expected: `the variant's material, ${variant.materialId}`,
          value: materialId,
        },
      ]);
    }
    const { type } = await tx.get(material, variant?.materialId ?? String(materialId));
    return { ...values, materialType: type };
  },
};

/** A profile of the farm's own or of the slicer's: naming one takes the other away. */
function oneProfile(values: Values): Values {
  if (typeof values.filamentUserProfileId === 'string') return { ...values, filamentSystemProfileId: null };
  if (typeof values.filamentSystemProfileId === 'number') return { ...values, filamentUserProfileId: null };
  return values;
}

/** @throws ApiError conflict when another one has the same values */
async function refuseTwin(
  tx: Transaction,
  before: Values | null,
  values: Values,
  table: 'material' | 'materialVariant',
  what: string,
): Promise<void> {
  const same = Object.entries(values).map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
  const twin = await sql<{ id: string }>`
    select "id" from ${sql.table(table)} where "storeId" = ${tx.context.storeId} and ${sql.join(same, sql` and `)}
  `.execute(tx.db);
  const [other] = twin.rows.filter(({ id }) => id !== before?.id);
  if (!other) return;
  const label = table === 'material' ? material.label : materialVariant.label;
  throw new ApiError('conflict', `There is a ${label} with the same ${what}: ${other.id}`);
}
