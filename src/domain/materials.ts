import { invalidInput } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import { material, materialGroup, materialVariant } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { forgetMaterial } from './forget-materials.js';
import { oneProfile, requireProfiles } from './profiles.js';
import type { EntityRules } from './rules.js';
import { refuseCycle } from './tree.js';
import { refuseTwin } from './twin.js';

export const materialRules: EntityRules = {
  async write(tx, values, before) {
    const whole = { ...before, ...values };
    const identifier = typeof values.identifier === 'string' ? values.identifier.toUpperCase() : undefined;
    await refuseTwin(tx, material, before, { brand: whole.brand, name: whole.name }, 'brand and name');
    if (identifier !== undefined)
      await refuseTwin(tx, material, before, { identifier }, `identifier ${identifier}`);
    return filamentProfile(tx, { ...values, ...(identifier === undefined ? {} : { identifier }) });
  },
  remove: (tx, row) => forgetMaterial(tx, String(row.id)),
};

export const variantRules: EntityRules = {
  async write(tx, values, before) {
    const { materialId, name } = { ...before, ...values };
    await refuseTwin(tx, materialVariant, before, { materialId, name }, 'name in this material');
    return filamentProfile(tx, values);
  },
  remove: (tx, row) => forgetMaterial(tx, String(row.id)),
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
    await forgetMaterial(tx, String(row.id));
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

async function filamentProfile(tx: Transaction, values: Values): Promise<Values> {
  await requireProfiles(tx, values, { filamentUserProfileId: 'filament' });
  return oneProfile(values, 'filamentUserProfileId', 'filamentSystemProfileId');
}
