import { sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import type { Values } from '../resources/inputs.js';
import type { Columns, CommonColumns, Resource } from '../resources/resource.js';

/**
 * Refuses a second entity of a store that is like another in these columns; null is like nothing.
 *
 * @param before the entity as it is, which is no twin of itself; null for a new one
 * @throws ApiError conflict
 */
export async function refuseTwin<C extends Columns>(
  tx: Transaction,
  resource: Resource<C & CommonColumns>,
  before: Values | null,
  values: Values,
  what: string,
): Promise<void> {
  const same = Object.entries(values).map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
  const twins = await sql<{ id: string }>`
    select "id" from ${sql.table(resource.name)}
    where "storeId" = ${tx.context.storeId} and ${sql.join(same, sql` and `)}
  `.execute(tx.db);
  const other = twins.rows.find(({ id }) => id !== before?.id);
  if (other)
    throw new ApiError('conflict', `There is another ${resource.label} with the same ${what}: ${other.id}`);
}
