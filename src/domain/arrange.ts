import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import type { Transaction } from '../database/transaction.js';
import type { Values } from '../resources/inputs.js';
import type { Resource } from '../resources/resource.js';

/** More than anybody arranges by hand; a move writes each of them at most once. */
export const MAX_ARRANGED = 1_000;

/**
 * Makes room at a place among entities that stand in an order of their own, such as the values of an option. The
 * others are numbered anew from 0 without gaps, around that place; only those that move are written.
 *
 * @param scope columns that the siblings have in common
 * @param id the one that is placed; null when it is yet to be made
 * @param wanted place from 0; beyond the end is the end, and so is null
 * @returns the place it gets
 * @throws ApiError conflict when there are `MAX_ARRANGED` already
 */
export async function arrange(
  tx: Transaction,
  resource: Resource,
  scope: Values,
  id: string | null,
  wanted: number | null,
): Promise<number> {
  const others = (await siblings(tx, resource, scope)).filter((one) => one.id !== id);
  if (others.length >= MAX_ARRANGED)
    throw new ApiError('conflict', `There are ${MAX_ARRANGED} × ${resource.label} here, no more fit`);
  const place = Math.min(wanted ?? others.length, others.length);
  for (const [index, other] of others.entries()) {
    const order = index < place ? index : index + 1;
    if (other.order !== order) await tx.update(resource, other.id, { order });
  }
  return place;
}

async function siblings(
  tx: Transaction,
  resource: Resource,
  scope: Values,
): Promise<readonly { readonly id: string; readonly order: number }[]> {
  const found = await sql<{ id: string; order: number }>`
    select "id", "order" from ${sql.table(resource.name)}
    where "storeId" = ${tx.context.storeId} and ${alike(scope)} order by "order", "createdAt", "id"
  `.execute(tx.db);
  return found.rows;
}

/** All columns hold these values; null is like null. */
export function alike(values: Values): RawBuilder<SqlBool> {
  const each = Object.entries(values).map(([name, value]) =>
    value === null ? sql`${sql.ref(name)} is null` : sql`${sql.ref(name)} = ${value}`,
  );
  return sql<SqlBool>`(${sql.join(each, sql` and `)})`;
}
