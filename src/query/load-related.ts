import { type Kysely, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { isOneOf } from '../database/json-sql.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Tables } from '../resources/index.js';
import type { Columns, CommonColumns, Presenter, RowOf } from '../resources/resource.js';
import { compileSort } from './compile.js';
import { type Inclusion, LIMITS } from './condition.js';
import { chosen } from './fields.js';

type Row = RowOf<Columns & CommonColumns>;
type Entity = Record<string, unknown>;

/** What reading related entities needs to know. */
export interface Reading {
  readonly db: Kysely<Tables>;
  readonly storeId: string;
  readonly presenter: Presenter;
  /** Related entities read so far, for the limit over all relations. */
  related: number;
}

/**
 * Entities as they leave the daemon, with those related to them: one query for each relation, however many rows.
 *
 * @throws ApiError too_many_relations when more than `LIMITS.maxRelated` would be answered
 */
export async function withRelated(
  rows: readonly Row[],
  present: (row: Row) => Entity,
  shape: Pick<Inclusion, 'fields' | 'include'>,
  reading: Reading,
): Promise<Entity[]> {
  const entities = rows.map((row) => chosen(present(row), shape.fields));
  for (const inclusion of shape.include) {
    const found = await relatedTo(rows, inclusion, reading);
    const { name, relation } = inclusion;
    rows.forEach((row, index) => {
      const entity = entities[index];
      const there = found.get(String(relation.kind === 'one' ? row[relation.via] : row.id)) ?? [];
      if (entity) entity[name] = relation.kind === 'one' ? (there[0] ?? null) : there;
    });
  }
  return entities;
}

/** Related entities by the id that leads to them. */
async function relatedTo(
  rows: readonly Row[],
  inclusion: Inclusion,
  reading: Reading,
): Promise<ReadonlyMap<string, Entity[]>> {
  const { relation, target } = inclusion;
  const ids = [...new Set(rows.map((row) => (relation.kind === 'one' ? row[relation.via] : row.id)))];
  const column = relation.kind === 'one' ? 'id' : relation.via;
  const room = LIMITS.maxRelated - reading.related;
  // The store is looked at afterwards: a condition on it would lead the planner to an index of the whole store.
  const found = await sql<RawRecord>`
    select * from ${sql.table(target.name)} where ${isOneOf(sql.ref(`${target.name}.${column}`), ids)}
    order by ${compileSort(target, [])} limit ${room + 1}
  `.execute(reading.db);
  if (found.rows.length > room) {
    throw new ApiError(
      'too_many_relations',
      `include: this page is related to more than ${LIMITS.maxRelated} entities; ask for fewer with limit`,
    );
  }
  reading.related += found.rows.length;
  const decoded: readonly Row[] = found.rows
    .filter((raw) => raw.storeId === reading.storeId)
    .map((raw) => decodeRow(target, raw));
  const entities = await withRelated(
    decoded,
    (row) => target.present(row, reading.presenter),
    inclusion,
    reading,
  );
  const byId = new Map<string, Entity[]>();
  decoded.forEach((row, index) => {
    const entity = entities[index];
    const key = String(row[column]);
    const list = byId.get(key) ?? [];
    if (entity) list.push(entity);
    byId.set(key, list);
  });
  return byId;
}
