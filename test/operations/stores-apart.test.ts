import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import type { Transaction } from '../../src/database/transaction.js';
import { createKey } from '../../src/domain/api-keys.js';
import { completeStore, createStore, systemContext } from '../../src/domain/stores.js';
import type { AnyColumn } from '../../src/resources/column.js';
import { ALL_RESOURCES } from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { CONTRACT, DEFINITIONS } from '../contract/contract.js';
import { type ApiAnswer, type TestFarm, testFarm, valueAt } from '../fixtures/farm.js';
import { besideDaemon } from '../fixtures/members.js';

/** Stands in every text of the other store, and must never be seen. */
const MARK = 'of-the-other-store';

interface Tenant {
  readonly storeId: string;
  /** One row of every entity, by the entity's name. */
  readonly rows: ReadonlyMap<string, string>;
}

let farm: TestFarm;
let other: Tenant & { readonly key: string };
let before: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  other = await besideDaemon(farm, async (db) => {
    const { id: storeId } = await createStore(db, MARK);
    const [rows, key] = await db.write(systemContext(storeId), async (tx) => {
      await completeStore(tx, null);
      const filled = await fill(tx);
      return [filled, (await createKey(tx, { name: MARK, fullAccess: true })).key] as const;
    });
    return { storeId, rows, key };
  });
  before = await dump();
});
afterAll(() => farm.stop());

/** One row of each entity, made of what its columns say; entities that others refer to come first. */
async function fill(tx: Transaction): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>([['store', tx.context.storeId]]);
  const waiting = new Set<Resource>(ALL_RESOURCES.filter(({ name }) => name !== 'store'));
  while (waiting.size > 0) {
    const left = waiting.size;
    for (const resource of waiting) {
      const needed = Object.values(resource.columns).flatMap(({ references, nullable }) =>
        references && !nullable ? [references.resource] : [],
      );
      if (needed.some((name) => !rows.has(name))) continue;
      waiting.delete(resource);
      rows.set(resource.name, await one(tx, resource, rows));
    }
    if (waiting.size === left)
      throw new Error(`Entities need each other: ${[...waiting].map((r) => r.name)}`);
  }
  return rows;
}

/** Makes a row; of an entity that a store has once, takes the one there is. */
async function one(tx: Transaction, resource: Resource, rows: ReadonlyMap<string, string>): Promise<string> {
  const there = await sql<{ id: string }>`
    select "id" from ${sql.table(resource.name)} where "storeId" = ${tx.context.storeId} limit 1
  `.execute(tx.db);
  const [known] = there.rows;
  if (known) return known.id;
  const given = Object.entries(resource.columns).flatMap(([name, column]) => {
    const { references } = column;
    if (references) return [[name, rows.get(references.resource) ?? null] as const];
    return column.fallback && column.kind !== 'string' ? [] : [[name, sampleOf(column)] as const];
  });
  const { id } = await tx.insert(resource, {
    ...Object.fromEntries(given.filter(([name]) => !['id', 'createdAt', 'updatedAt'].includes(name))),
    storeId: tx.context.storeId,
  });
  return id;
}

function sampleOf(column: AnyColumn): unknown {
  for (const value of [MARK, `#${'a'.repeat(6)}`, newId(), 1, true, '2026-01-01T00:00:00.000Z', [], {}, null])
    if (column.schema.safeParse(value).success) return value;
  const options = valueAt(column.schema, 'options');
  if (Array.isArray(options)) return options[0];
  throw new Error(`No sample for a ${column.kind}`);
}

/** Everything that the other store holds. */
function dump(): Promise<string> {
  return besideDaemon(farm, async (db) => {
    const tables = [];
    for (const { name } of ALL_RESOURCES) {
      const found =
        await sql`select * from ${sql.table(name)} where "storeId" = ${other.storeId} order by "id"`.execute(
          db.read,
        );
      tables.push(`${name} ${JSON.stringify(found.rows)}`);
    }
    // The key that this test calls with notes its use.
    return tables.join('\n').replaceAll(/"(lastUsedAt|updatedAt)":("[^"]*"|null)/g, '""');
  });
}

/** Places where this farm's rows refer to these ids. */
function referringTo(ids: readonly string[]): Promise<readonly string[]> {
  return besideDaemon(farm, async (db) => {
    const found: string[] = [];
    for (const { name, columns } of ALL_RESOURCES) {
      for (const [column, { references }] of Object.entries(columns)) {
        if (!references) continue;
        const rows = await sql`
          select "id" from ${sql.table(name)}
          where "storeId" = ${farm.storeId} and ${sql.ref(column)} in (${sql.join(ids)})
        `.execute(db.read);
        if (rows.rows.length > 0) found.push(`${name}.${column}`);
      }
    }
    return found;
  });
}

/** Nothing of the other store shows in the answer, but an id that was asked for. */
function expectBlind(answer: ApiAnswer, what: string): void {
  expect(answer.text, what).not.toContain(MARK);
  expect(answer.text, what).not.toContain(`"storeId":"${other.storeId}"`);
  // 501: declared, not built.
  if (answer.status !== 501) expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(500);
}

describe('what one store has', () => {
  it('is there for itself', async () => {
    const headers = { authorization: `ApiKey ${other.key}`, 'x-printago-storeid': other.storeId };
    let seen = 0;
    for (const resource of ALL_RESOURCES) {
      if (resource.path === null || !resource.operations.includes('list')) continue;
      const answer = await farm.api('GET', `${resource.path}?limit=1000`, undefined, headers);
      expect(answer.text, resource.name).toContain(other.rows.get(resource.name));
      seen += 1;
    }
    expect(seen).toBeGreaterThan(15);
  });

  it.each(ALL_RESOURCES.filter(({ path }) => path !== null).map((one) => [one.name, one] as const))(
    'is not there for another: %s',
    async (name, { path, operations }) => {
      const id = other.rows.get(name) ?? '';
      for (const query of ['', `?id=${id}`, `?storeId=${other.storeId}`, '?meta=true&limit=10000'])
        if (operations.includes('list')) expectBlind(await farm.api('GET', `${path}${query}`), query);
      for (const filter of [{ id }, { storeId: other.storeId }, { not: { id: 'x' } }]) {
        if (!operations.includes('search')) continue;
        const found = await farm.api('POST', `${path}/search`, { filter });
        expectBlind(found, JSON.stringify(filter));
        expect(found.status).toBe(201);
        if ('id' in filter || 'storeId' in filter) expect(valueAt(found.body, 'data')).toEqual([]);
      }
      for (const [operation, method] of [
        ['get', 'GET'],
        ['update', 'PATCH'],
        ['delete', 'DELETE'],
      ] as const) {
        if (!operations.includes(operation)) continue;
        const answer = await farm.api(method, `${path}/${id}`, method === 'PATCH' ? {} : undefined);
        expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(404);
      }
      if (operations.includes('deleteMany'))
        expect((await farm.api('DELETE', path ?? '', [id])).body).toEqual([]);
    },
  );
});

/** A body of a request's schema in which every id is one of the other store's. */
function bodyFor(schema: unknown, ids: readonly string[], depth = 0): unknown {
  const ref = valueAt(schema, '$ref');
  if (typeof ref === 'string') return bodyFor(DEFINITIONS[ref.split('/').at(-1) ?? ''], ids, depth);
  const branches = valueAt(schema, 'oneOf') ?? valueAt(schema, 'anyOf');
  if (Array.isArray(branches)) return bodyFor(branches.at(-1), ids, depth);
  const values = valueAt(schema, 'enum');
  if (Array.isArray(values)) return values[0];
  const type = [valueAt(schema, 'type')].flat()[0];
  if (type === 'array')
    return depth > 6 ? [] : ids.map((id) => bodyFor(valueAt(schema, 'items'), [id], depth + 1));
  if (type === 'object') {
    const properties: unknown = valueAt(schema, 'properties');
    if (typeof properties !== 'object' || properties === null || depth > 6) return {};
    return Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, bodyFor(inner, ids, depth + 1)]),
    );
  }
  if (type === 'number' || type === 'integer') return 1;
  if (type === 'boolean') return true;
  return ids[0] ?? '';
}

/** Ids of the other store that could fit into a path; where none does by its words, any does. */
function idsFor(path: string): readonly string[] {
  const words = path
    .split('/')
    .map((word) => word.replaceAll(/[{}-]|Id\}$|s$/g, '').toLowerCase())
    .filter((word) => word.length > 2);
  const fitting = [...other.rows].filter(([name]) => words.some((word) => name.toLowerCase().includes(word)));
  const chosen = fitting.length > 0 ? fitting : [...other.rows];
  return chosen.slice(0, 4).map(([, id]) => id);
}

describe('every operation of the contract', () => {
  it('shows nothing of another store, whatever ids it is given, and changes nothing there', async () => {
    const ids = [...other.rows.values()];
    for (const { method, path, request } of CONTRACT) {
      for (const id of path.includes('{') ? idsFor(path) : ['']) {
        const body = request === null ? undefined : bodyFor(request, id === '' ? ids : [id]);
        const answer = await farm.api(method, path.replaceAll(/\{\w+\}/g, id), body);
        expectBlind(answer, `${method} ${path}`);
      }
    }
    expect(await dump()).toBe(before);
    expect(await referringTo(ids)).toEqual([]);
  }, 60_000);
});
