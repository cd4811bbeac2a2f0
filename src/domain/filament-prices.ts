import type { Kysely } from 'kysely';
import type { Tables } from '../resources/index.js';
import type { LinkedPartMaterials } from '../resources/shapes.js';
import { type Decimal, decimal } from './money.js';

export type Alternatives = LinkedPartMaterials[string];

/** What a gram of filament costs, by the material that may be taken for a channel. */
export interface FilamentPrices {
  /** Of the first of these that has a price; null when none of them has one. */
  ofFirst(alternatives: Alternatives): Decimal | null;
}

/** Prices of a store's whole library: a variant without one has its material's, a group that of its first member. */
export async function filamentPrices(db: Kysely<Tables>, storeId: string): Promise<FilamentPrices> {
  const materials = await db
    .selectFrom('material')
    .select(['id', 'pricePer1000g'])
    .where('storeId', '=', storeId)
    .execute();
  const variants = await db
    .selectFrom('materialVariant')
    .select(['id', 'materialId', 'pricePer1000g'])
    .where('storeId', '=', storeId)
    .execute();
  const members = await db
    .selectFrom('materialGroupMember')
    .select(['materialGroupId', 'materialId', 'variantId'])
    .where('storeId', '=', storeId)
    .orderBy('priority')
    .orderBy('createdAt')
    .orderBy('id')
    .execute();

  // Ids are unlike each other whatever they name.
  const prices = new Map<string, number>();
  const set = (id: string, price: number | null | undefined) => {
    if (price !== null && price !== undefined && !prices.has(id)) prices.set(id, price);
  };
  for (const { id, pricePer1000g } of materials) set(id, pricePer1000g);
  for (const { id, materialId, pricePer1000g } of variants) set(id, pricePer1000g ?? prices.get(materialId));
  for (const { materialGroupId, materialId, variantId } of members)
    set(materialGroupId, prices.get(variantId ?? materialId ?? ''));

  return {
    ofFirst(alternatives) {
      for (const alternative of alternatives) {
        const price = prices.get(idOf(alternative));
        if (price !== undefined) return perGram(price);
      }
      return null;
    },
  };
}

/** A type of filament, and what the buyer chooses, have no price before they are printed. */
function idOf(alternative: Alternatives[number]): string {
  if ('variantId' in alternative) return alternative.variantId;
  if ('materialId' in alternative) return alternative.materialId;
  return 'groupId' in alternative ? alternative.groupId : '';
}

function perGram(pricePer1000g: number): Decimal {
  const { digits, places } = decimal(pricePer1000g);
  return { digits, places: places + 3 };
}
