import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import type { Columns, CommonColumns, Resource, RowOf } from '../resources/resource.js';

/** Refuses a parent that lies below the entity itself. @throws ApiError conflict */
export async function refuseCycle<C extends Columns>(
  tx: Transaction,
  resource: Resource<C & CommonColumns>,
  id: string,
  parentId: string,
  parentOf: (row: RowOf<C & CommonColumns>) => string | null,
): Promise<void> {
  for (let above: string | null = parentId; above !== null; ) {
    if (above === id) {
      throw new ApiError('conflict', `A ${resource.label} cannot be moved into itself or what it holds`);
    }
    const row: RowOf<C & CommonColumns> | null = await tx.find(resource, above);
    above = row ? parentOf(row) : null;
  }
}
