import { CompiledQuery } from 'kysely';
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

/**
 * Statements of single rows are put together here and not by Kysely, which takes longer over most of them than SQLite.
 * This is the text of a table's insert, with the names of its columns in order.
 */
const inserts = new WeakMap<Resource, { readonly names: readonly string[]; readonly text: string }>();

function insertOf(resource: Resource): { readonly names: readonly string[]; readonly text: string } {
  const known = inserts.get(resource);
  if (known) return known;
  const names = Object.keys(resource.columns);
  const places = names.map(() => '?').join(', ');
  const text = `insert into ${quote(resource.name)} (${names.map(quote).join(', ')}) values (${places})`;
  const made = { names, text };
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
): CompiledQuery {
  const assignments: string[] = [];
  const values: (string | number | null)[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const column = resource.columns[name];
    if (!column) continue;
    assignments.push(`${quote(name)} = ?`);
    values.push(encodeValue(column, value));
  }
  const text = `update ${quote(resource.name)} set ${assignments.join(', ')} where "id" = ?`;
  return CompiledQuery.raw(text, [...values, id]);
}

/** Names come from definitions; quoted like Kysely quotes them. */
function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
