import { performance } from 'node:perf_hooks';
import { sql } from 'kysely';
import type { z } from 'zod';
import { ApiError, notFound } from '../contract/errors.js';
import type { Permission } from '../contract/permissions.js';
import { decodeRow, type RawRecord } from '../database/rows.js';
import type { Condition, Inclusion, ListQuery } from '../query/condition.js';
import { type Parameters, parseListParameters } from '../query/parse-get.js';
import { parseSearch, searchBody } from '../query/parse-search.js';
import { type ListResult, listMeta, runList } from '../query/run-list.js';
import type { Resource } from '../resources/resource.js';
import type { Deps } from './deps.js';
import { Answer, type Caller, type Operation, operation } from './operation.js';
import { idParam, noParams } from './schemas.js';
import { needed, pathOf } from './standard-parts.js';
import { standardWrites } from './standard-writes.js';

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
  if (resource.operations.includes('get')) made.push(getOperation(resource, deps, { embed }));
  return [...made, ...standardWrites(resource, deps)];
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
    permissions: needed(resource, 'view'),
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
    permissions: needed(resource, 'view'),
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

/**
 * A list that is always whole: filters and order as everywhere, but no paging unless it is asked for.
 * `where` narrows it by what its path names.
 */
export function plainListOperation<Params>(
  resource: Resource,
  deps: Deps,
  given: {
    readonly id: string;
    readonly path: string;
    readonly summary: string;
    readonly params: z.ZodType<Params>;
    readonly where?: (params: Params) => Condition;
    /** Where the contract wants another one than the definition names. */
    readonly permission?: Permission;
  },
): Operation<Params, unknown> {
  const { where, permission, ...declared } = given;
  return operation({
    ...declared,
    method: 'GET',
    status: 200,
    permissions: permission ? [permission] : needed(resource, 'view'),
    body: null,
    async run({ params, query }, { caller }) {
      const parsed = parseListParameters(resource, query, { defaultLimit: WHOLE });
      const filter: Condition = where ? { kind: 'and', of: [where(params), parsed.filter] } : parsed.filter;
      const { result } = await run(resource, deps, plain, caller, { ...parsed, filter });
      return new Answer(result.data, countHeaders(parsed, result));
    },
  });
}

/** More than any such list has. */
const WHOLE = 1_000_000;

/** How one entity is read, beside what falls out of its definition. */
export interface GetExtras {
  readonly embed?: Embed;
  /** The collection it is read of; the definition's own if left out. */
  readonly at?: string;
  /** What is not there is answered as `null`, where the contract has it so. */
  readonly nullable?: boolean;
}

export function getOperation(
  resource: Resource,
  deps: Deps,
  { embed = plain, at = pathOf(resource), nullable = false }: GetExtras = {},
): Operation {
  return operation({
    id: `${resource.name}.get`,
    method: 'GET',
    path: `${at}/{id}`,
    status: 200,
    summary: `Read one ${resource.label}`,
    permissions: needed(resource, 'view'),
    params: idParam,
    body: null,
    async run({ params }, { caller }) {
      const found = await sql<RawRecord>`
        select * from ${sql.table(resource.name)} where "id" = ${params.id} and "storeId" = ${caller.storeId}
      `.execute(deps.database.read);
      const raw = found.rows[0];
      if (!raw && nullable) return null;
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
