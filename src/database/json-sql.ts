import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';

/** JSON as SQLite reads it. Kept here, so that another database needs another file and nothing else. */

/** Some element of the JSON array in `column` fulfils the condition over `element`. */
export function someElement(
  column: Expression<unknown>,
  condition: (element: RawBuilder<unknown>) => Expression<SqlBool>,
): RawBuilder<SqlBool> {
  const element = sql`"element"."value"`;
  return sql<SqlBool>`exists (select 1 from json_each(${column}) as "element" where ${condition(element)})`;
}

export function arrayLength(column: Expression<unknown>): RawBuilder<number> {
  return sql<number>`json_array_length(${column})`;
}

/** How many different elements of the JSON array in `column` fulfil the condition over `element`. */
export function countDistinct(
  column: Expression<unknown>,
  condition: (element: RawBuilder<unknown>) => Expression<SqlBool>,
): RawBuilder<number> {
  const element = sql`"element"."value"`;
  return sql<number>`(select count(distinct ${element}) from json_each(${column}) as "element" where ${condition(element)})`;
}

/** The value is one of these, however many there are: they are bound as one value. */
export function isOneOf(ref: Expression<unknown>, values: readonly unknown[]): RawBuilder<SqlBool> {
  return sql<SqlBool>`${ref} in (select "value" from json_each(${JSON.stringify(values)}))`;
}
