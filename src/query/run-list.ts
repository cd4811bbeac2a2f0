import { type Kysely, sql } from 'kysely';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Tables } from '../resources/index.js';
import type { Presenter, Resource } from '../resources/resource.js';
import { compileCondition, compileSort } from './compile.js';
import type { ListQuery } from './condition.js';
import { withRelated } from './load-related.js';
import { total } from './totals.js';

export interface ListResult {
  /** Entities as they leave the daemon. */
  readonly data: readonly Record<string, unknown>[];
  /** Rows that match, before paging. */
  readonly total: number;
}

/** Runs a list query within one store. */
export async function runList(
  db: Kysely<Tables>,
  resource: Resource,
  storeId: string,
  query: ListQuery,
  presenter: Presenter,
): Promise<ListResult> {
  const table = sql.table(resource.name);
  const where = sql`${sql.ref(`${resource.name}.storeId`)} = ${storeId} and ${compileCondition(resource, query.filter)}`;
  const page = await sql<RawRecord>`
    select * from ${table} where ${where} order by ${compileSort(resource, query.sort)}
    limit ${query.limit} offset ${query.offset}
  `.execute(db);
  const known = query.offset === 0 && page.rows.length < query.limit;
  const all = known ? page.rows.length : await count(db, resource, where);
  const rows = page.rows.map((raw) => decodeRow(resource, raw));
  const reading = { db, storeId, presenter, related: 0 };
  const data = await withRelated(rows, (row) => resource.present(row, presenter), query, reading);
  return { data, total: all };
}

async function count(db: Kysely<Tables>, resource: Resource, where: ReturnType<typeof sql>): Promise<number> {
  const query = sql<{ total: number }>`
    select count(*) as "total" from ${sql.table(resource.name)} where ${where}
  `;
  return total(db, query.compile(db));
}

/** The `meta` part of an answer. */
export function listMeta(query: ListQuery, result: ListResult, executionMs: number): Record<string, unknown> {
  const count = result.data.length;
  return {
    total: result.total,
    count,
    offset: query.offset,
    limit: query.limit,
    hasMore: query.offset + count < result.total,
    executionTime: Math.round(executionMs),
  };
}
