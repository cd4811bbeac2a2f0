import { performance } from 'node:perf_hooks';
import { sql } from 'kysely';
import { ApiError, notFound } from '../contract/errors.js';
import type { Permission } from '../contract/permissions.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Inclusion, ListQuery } from '../query/condition.js';
import { type Parameters, parseListParameters } from '../query/parse-get.js';
import { parseSearch, searchBody } from '../query/parse-search.js';
import { type ListResult, listMeta, runList } from '../query/run-list.js';
import type { Resource } from '../resources/resource.js';
import type { Deps } from './deps.js';
import { Answer, type Caller, type Operation, operation } from './operation.js';
import { idParam, noParams } from './schemas.js';

/** Completes answered entities with relations that belong to the shape, for a whole page at once. */
export type Embed = (
  entities: readonly Record<string, unknown>[],
) => Promise<readonly Record<string, unknown>[]>;

const plain: Embed = async (entities) => entities;

/** What a list does beside what falls out of its definition. */
export interface ListExtras {
  readonly embed?: Embed;
  /** For a parameter that is no field; narrows the query by it. */
  readonly refine?: (query: ListQuery, parameters: Parameters) => ListQuery;
}

/** The operations that fall out of a definition. */
export function standardOperations(resource: Resource, deps: Deps, embed: Embed = plain): Operation[] {
  const made: Operation[] = [];
  if (resource.operations.includes('list')) made.push(listOperation(resource, deps, { embed }));
  if (resource.operations.includes('search')) made.push(searchOperation(resource, deps, embed));
  if (resource.operations.includes('get')) made.push(getOperation(resource, deps, embed));
  return made;
}

function viewPermission(resource: Resource): readonly Permission[] {
  return resource.permissions.view ? [resource.permissions.view] : [];
}

function pathOf(resource: Resource): string {
  if (resource.path === null) throw new Error(`The ${resource.label} has no path`);
  return resource.path;
}

export function listOperation(
  resource: Resource,
  deps: Deps,
  { embed = plain, refine = (query) => query }: ListExtras = {},
): Operation {
  return operation({
    id: `${resource.name}.list`,
    method: 'GET',
    path: pathOf(resource),
    status: 200,
    summary: `List every ${resource.label} of the store`,
    permissions: viewPermission(resource),
    params: noParams,
    body: null,
    async run({ query }, { caller }) {
      const parsed = refine(parseListParameters(resource, query, deps.query), query);
      const { result, meta } = await run(resource, deps, embed, caller, parsed);
      if (!parsed.meta) return new Answer(result.data, countHeaders(parsed, result));
      return { data: result.data, meta, total: result.total, limit: parsed.limit, offset: parsed.offset };
    },
  });
}

export function searchOperation(resource: Resource, deps: Deps, embed: Embed = plain): Operation {
  return operation({
    id: `${resource.name}.search`,
    method: 'POST',
    path: `${pathOf(resource)}/search`,
    status: 201,
    summary: `Search every ${resource.label} of the store`,
    permissions: viewPermission(resource),
    params: noParams,
    body: searchBody,
    async run({ body }, { caller }) {
      const { result, meta } = await run(
        resource,
        deps,
        embed,
        caller,
        parseSearch(resource, body, deps.query),
      );
      return { data: result.data, meta };
    },
  });
}

function getOperation(resource: Resource, deps: Deps, embed: Embed): Operation {
  return operation({
    id: `${resource.name}.get`,
    method: 'GET',
    path: `${pathOf(resource)}/{id}`,
    status: 200,
    summary: `Read one ${resource.label}`,
    permissions: viewPermission(resource),
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      const found = await sql<RawRecord>`
        select * from ${sql.table(resource.name)} where "id" = ${params.id} and "storeId" = ${caller.storeId}
      `.execute(deps.database.read);
      const raw = found.rows[0];
      if (!raw) throw notFound(resource.label, params.id);
      const [entity] = await embed([resource.present(decodeRow(resource, raw), deps.presenter)]);
      return entity;
    },
  });
}

async function run(
  resource: Resource,
  deps: Deps,
  embed: Embed,
  caller: Caller,
  query: ListQuery,
): Promise<{ result: ListResult; meta: Record<string, unknown> }> {
  refuseUnseen(query.include, caller);
  const started = performance.now();
  const rows = await runList(deps.database.read, resource, caller.storeId, query, deps.presenter);
  const result = { ...rows, data: query.fields === null ? await embed(rows.data) : rows.data };
  return { result, meta: listMeta(query, result, performance.now() - started) };
}

function countHeaders(query: ListQuery, result: ListResult): Record<string, string> {
  const more = query.offset + result.data.length < result.total;
  return { 'x-total-count': String(result.total), ...(more ? { 'x-has-more': 'true' } : {}) };
}

/** What is answered along obeys its own entity's permission. */
function refuseUnseen(include: readonly Inclusion[], caller: Caller): void {
  for (const { name, target, include: deeper } of include) {
    const needed = target.permissions.view;
    if (needed !== undefined && !caller.permissions.has(needed)) {
      throw new ApiError('forbidden', `include: ${name} needs the permission ${needed}`, {
        requiredPermissions: [needed],
      });
    }
    refuseUnseen(deeper, caller);
  }
}
