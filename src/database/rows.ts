import { CompiledQuery, type RawBuilder, sql } from 'kysely';
import type { AnyColumn } from '../resources/column.js';
import type { Columns, Resource, RowOf } from '../resources/resource.js';

/** Raw columns of a table as SQLite gives them. */
export type RawRecord = Readonly<Record<string, unknown>>;

function isRaw(value: unknown): value is string | number | null {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

/** A stored row as the program sees it. Columns that the query left out stay out. */
export function decodeRow<C extends Columns>(resource: Resource<C>, raw: RawRecord): RowOf<C> {
  const row: Record<string, unknown> = {};
  for (const name of Object.keys(raw)) {
    const column = resource.columns[name];
    const value = raw[name];
    if (column && isRaw(value)) row[name] = column.decode(value);
  }
  // The one place where the table's text becomes the definition's types; a test holds that the two agree.
  return row as RowOf<C>;
}

/** The text by which one of its rows is read, asked for by id and store: putting it together costs more than the read. */
const reads = new WeakMap<Resource, string>();

/** One row of a store by its id. */
export function selectOne(resource: Resource, id: string, storeId: string): CompiledQuery<RawRecord> {
  let text = reads.get(resource);
  if (text === undefined) {
    text = `select * from "${resource.name.replaceAll('"', '""')}" where "id" = ? and "storeId" = ?`;
    reads.set(resource, text);
  }
  return CompiledQuery.raw(text, [id, storeId]);
}

export function encodeValue(column: AnyColumn, value: unknown): string | number | null {
  return column.encode(value);
}

/** Column names and text of the insert of a table: putting it together costs more than the insert itself. */
const inserts = new WeakMap<Resource, { readonly names: readonly string[]; readonly text: string }>();

function insertOf(resource: Resource): { readonly names: readonly string[]; readonly text: string } {
  const known = inserts.get(resource);
  if (known) return known;
  const names = Object.keys(resource.columns);
  const quoted = [resource.name, ...names].map((name) => `"${name.replaceAll('"', '""')}"`);
  const places = names.map(() => '?').join(', ');
  const made = { names, text: `insert into ${quoted[0]} (${quoted.slice(1).join(', ')}) values (${places})` };
  inserts.set(resource, made);
  return made;
}

export function insertStatement(resource: Resource, row: Readonly<Record<string, unknown>>): CompiledQuery {
  const { names, text } = insertOf(resource);
  const values = names.map((name) => {
    const column = resource.columns[name];
    return column ? encodeValue(column, row[name]) : null;
  });
  return CompiledQuery.raw(text, values);
}

export function updateStatement(
  resource: Resource,
  id: string,
  patch: Readonly<Record<string, unknown>>,
): RawBuilder<unknown> {
  const assignments = Object.entries(patch).flatMap(([name, value]) => {
    const column = resource.columns[name];
    return column ? [sql`${sql.ref(name)} = ${encodeValue(column, value)}`] : [];
  });
  return sql`update ${sql.table(resource.name)} set ${sql.join(assignments)} where "id" = ${id}`;
}
