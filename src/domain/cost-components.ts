import { ApiError } from '../contract/errors.js';
import type { EntityRules } from './rules.js';

/** SKUs that are named in a refusal. */
const NAMED = 5;

export const costComponentRules: EntityRules = {
  /** A SKU must not become cheaper by itself: it is taken off the SKUs first. */
  async remove(tx, row) {
    const users = await tx.db
      .selectFrom('skuCost')
      .innerJoin('sku', 'sku.id', 'skuCost.skuId')
      .select('sku.sku')
      .distinct()
      .where('skuCost.costComponentId', '=', String(row.id))
      .orderBy('sku.sku')
      .execute();
    if (users.length === 0) return;
    const named = users.slice(0, NAMED).map(({ sku }) => JSON.stringify(sku));
    const more = users.length > NAMED ? ` and ${users.length - NAMED} more` : '';
    throw new ApiError(
      'in_use',
      `The cost component "${String(row.name)}" is a cost of ${users.length === 1 ? 'SKU' : 'the SKUs'} ${named.join(', ')}${more}; take it off first`,
    );
  },
};
