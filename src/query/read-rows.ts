import { type Kysely, sql } from 'kysely';
import { notFound } from '../contract/errors.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Tables } from '../resources/index.js';
import type { Columns, CommonColumns, Resource, RowOf } from '../resources/resource.js';
import { compileSort } from './compile.js';

/** One entity of a store. @throws ApiError not_found */
export async function readRow<C extends Columns>(
  db: Kysely<Tables>,
  resource: Resource<C & CommonColumns>,
  storeId: string,
  id: string,
): Promise<RowOf<C & CommonColumns>> {
  const [row] = await readRows(db, resource, storeId, { id });
  if (!row) throw notFound(resource.label, id);
  return row;
}

/** All entities of a store, or those in which one column has this value; in their own order. */
export async function readRows<C extends Columns>(
  db: Kysely<Tables>,
  resource: Resource<C & CommonColumns>,
  storeId: string,
  where?: Readonly<Record<string, string>>,
): Promise<RowOf<C & CommonColumns>[]> {
  const conditions = Object.entries(where ?? { storeId }).map(
    ([name, value]) => sql`${sql.ref(`${resource.name}.${name}`)} = ${value}`,
  );
  const found = await sql<RawRecord>`
    select * from ${sql.table(resource.name)} where ${sql.join(conditions, sql` and `)}
    order by ${compileSort(resource, [])}
  `.execute(db);
  // Looked at afterwards: a condition on the store would lead the planner to an index of all that is in it.
  return found.rows
    .filter((raw) => raw.storeId === storeId)
    .map((raw) => decodeRow<C & CommonColumns>(resource, raw));
}
