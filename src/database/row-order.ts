import { type RawBuilder, sql } from 'kysely';

/** The number that SQLite gives each row of a table as it is written: higher than those of all rows that are there. */
export function rowNumber(table: string): RawBuilder<number> {
  return sql<number>`${sql.ref(`${table}.rowid`)}`;
}
