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

/** One of these ids stands somewhere in the text; no index helps, so for small tables only. */
export function mentionsOneOf(ref: Expression<unknown>, ids: readonly string[]): RawBuilder<SqlBool> {
  return sql<SqlBool>`exists (select 1 from json_each(${JSON.stringify(ids)}) where instr(${ref}, "value") > 0)`;
}

/** The same JSON: the same members in any order, the same elements in theirs. Both are JSON texts. */
export function sameJson(ref: Expression<unknown>, text: string): RawBuilder<SqlBool> {
  const parts = (json: Expression<unknown> | string) =>
    sql`select "fullkey", "type", "atom" from json_tree(${json})`;
  return sql<SqlBool>`(
    not exists (${parts(ref)} except ${parts(text)}) and not exists (${parts(text)} except ${parts(ref)})
  )`;
}

/** Nothing, or the JSON word for it. */
export function isJsonNull(ref: Expression<unknown>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(${ref} is null or json_type(${ref}) = 'null')`;
}

/** What stands at a place inside JSON: its JSON type (null where there is nothing) and its value. */
export interface JsonPlace {
  readonly type: RawBuilder<string | null>;
  /** Texts and numbers as they are, objects and arrays as JSON text. */
  readonly value: RawBuilder<unknown>;
}

/**
 * A place named by keys, such as `plates.0.name`. A key may hold dots itself, and a number be a key or a position:
 * the first of these readings that leads anywhere counts.
 */
export function jsonAt(ref: Expression<unknown>, path: string): JsonPlace {
  const keys = path.split('.');
  const quoted = (key: string) => `."${key}"`;
  const readings = [
    `$${quoted(path)}`,
    `$${keys.map(quoted).join('')}`,
    `$${keys.map((key) => (/^\d{1,9}$/.test(key) ? `[${key}]` : quoted(key))).join('')}`,
  ];
  const types = [...new Set(readings)].map((reading) => sql`json_type(${ref}, ${reading})`);
  const values = [...new Set(readings)].map(
    (reading, index) => sql`when ${types[index]} is not null then json_extract(${ref}, ${reading})`,
  );
  return {
    type: types.length === 1 ? sql`${types[0]}` : sql`coalesce(${sql.join(types)})`,
    value: sql`case ${sql.join(values, sql` `)} end`,
  };
}
