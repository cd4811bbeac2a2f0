import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { ApiError, notFound } from '../contract/errors.js';
import type { Permission } from '../contract/permissions.js';
import { decodeRow, selectOne } from '../database/rows.js';
import type { EntityRow } from '../domain/entities.js';
import type { Condition, Inclusion, ListQuery } from '../query/condition.js';
import { type Parameters, parseListParameters } from '../query/parse-get.js';
import { parseSearch, searchBody } from '../query/parse-search.js';
import { type ListResult, listMeta, runList } from '../query/run-list.js';
import { answered } from '../resources/answered.js';
import type { Resource } from '../resources/resource.js';
import type { Deps } from './deps.js';
import { apiHint } from './introspection/hints.js';
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
  /** The shape of an entity with what is embedded; that of its definition if left out. */
  readonly entity?: () => z.ZodType;
  /** Parameters that are no fields, to describe them. */
  readonly query?: () => z.ZodType;
  /** Narrows the query by such parameters. */
  readonly refine?: (query: ListQuery, parameters: Parameters) => ListQuery;
}

/** The operations that fall out of a definition; `entity` is the shape with what is embedded. */
export function standardOperations(
  resource: Resource,
  deps: Deps,
  embed: Embed = plain,
  entity?: () => z.ZodType,
): Operation[] {
  const extras = { embed, ...(entity ? { entity } : {}) };
  const made: Operation[] = [];
  if (resource.operations.includes('list')) made.push(listOperation(resource, deps, extras));
  if (resource.operations.includes('search')) made.push(searchOperation(resource, deps, embed, entity));
  if (resource.operations.includes('get')) made.push(getOperation(resource, deps, extras));
  return [...made, ...standardWrites(resource, deps)];
}

export function listOperation(
  resource: Resource,
  deps: Deps,
  {
    embed = plain,
    entity = () => answered(resource),
    query: further,
    refine = (query) => query,
  }: ListExtras = {},
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
    answer() {
      const one = entity();
      return z.union([z.array(one), foundPage(one)]);
    },
    lists: resource,
    ...(further ? { query: further } : {}),
    async run({ query }, { caller }) {
      const parsed = refine(parseListParameters(resource, query, deps.query), query);
      const { result, meta } = await run(resource, deps, embed, caller, parsed);
      if (!parsed.meta) return new Answer(result.data, countHeaders(parsed, result));
      const { total } = result;
      const answer = { data: result.data, meta, total, limit: parsed.limit, offset: parsed.offset };
      if (!wantsHints(query)) return answer;
      return { ...answer, hints: deps.hints.of(pathOf(resource), caller.permissions) };
    },
  });
}

export function searchOperation(
  resource: Resource,
  deps: Deps,
  embed: Embed = plain,
  entity: () => z.ZodType = () => answered(resource),
): Operation {
  return operation({
    id: `${resource.name}.search`,
    method: 'POST',
    path: `${pathOf(resource)}/search`,
    status: 201,
    summary: `Search every ${resource.label} of the store`,
    permissions: needed(resource, 'view'),
    params: noParams,
    body: searchBody,
    answer: () => foundPage(entity()),
    lists: resource,
    async run({ body }, { caller }) {
      const { result, meta } = await run(
        resource,
        deps,
        embed,
        caller,
        parseSearch(resource, body, deps.query),
      );
      const answer = { data: result.data, meta };
      return body.hints ? { ...answer, hints: deps.hints.of(pathOf(resource), caller.permissions) } : answer;
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
    /** Refuses a path that leads to nothing. */
    readonly where?: (params: Params, storeId: string) => Condition | Promise<Condition>;
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
    answer: () => z.array(answered(resource)),
    lists: resource,
    async run({ params, query }, { caller }) {
      const parsed = parseListParameters(resource, query, { defaultLimit: WHOLE });
      const narrowed = await where?.(params, caller.storeId);
      const filter: Condition = narrowed ? { kind: 'and', of: [narrowed, parsed.filter] } : parsed.filter;
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
  /** The shape of the entity with what is embedded; that of its definition if left out. */
  readonly entity?: () => z.ZodType;
  /** The collection it is read of; the definition's own if left out. */
  readonly at?: string;
  /** What is not there is answered as `null`, where the contract has it so. */
  readonly nullable?: boolean;
}

export function getOperation(
  resource: Resource,
  deps: Deps,
  {
    embed = plain,
    entity = () => answered(resource),
    at = pathOf(resource),
    nullable = false,
  }: GetExtras = {},
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
    answer: () => (nullable ? z.union([z.null(), entity()]) : entity()),
    async run({ params }, { caller }) {
      const row = await readEntity(resource, deps, caller.storeId, params.id);
      if (!row && nullable) return null;
      if (!row) throw notFound(resource.label, params.id);
      const [entity] = await embed([resource.present(row, deps.presenter)]);
      return entity;
    },
  });
}

/** A page of entities beside the counts that tell of the others. */
function foundPage(entity: z.ZodType): z.ZodType {
  const whole = z.int().min(0);
  return z.object({
    data: z.array(entity),
    meta: z.object({
      total: whole,
      count: whole,
      offset: whole,
      limit: whole,
      hasMore: z.boolean(),
      /** Milliseconds. */
      executionTime: whole,
    }),
    hints: z.array(apiHint).optional(),
  });
}

function wantsHints(parameters: Parameters): boolean {
  return parameters.some(([name, value]) => name === 'hints' && (value === 'true' || value === '1'));
}

/** One entity of a store; null when there is none. */
export async function readEntity(
  resource: Resource,
  deps: Deps,
  storeId: string,
  id: string,
): Promise<EntityRow | null> {
  const found = await deps.database.read.executeQuery(selectOne(resource, id, storeId));
  const raw = found.rows[0];
  return raw ? decodeRow(resource, raw) : null;
}

/** @throws ApiError not_found when the store has no such entity */
export async function requireEntity(
  resource: Resource,
  deps: Deps,
  storeId: string,
  id: string,
): Promise<void> {
  if (!(await readEntity(resource, deps, storeId, id))) throw notFound(resource.label, id);
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
