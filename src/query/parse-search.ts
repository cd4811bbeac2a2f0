import { z } from 'zod';
import { ApiError } from '../contract/errors.js';
import type { Resource } from '../resources/resource.js';
import { type Condition, EVERYTHING, isOperator, LIMITS, type ListQuery } from './condition.js';
import { parseSort, placeOf, unknownOperator } from './fields.js';
import type { QueryDefaults } from './parse-get.js';
import { parseShape } from './parse-include.js';
import { refuseHuge } from './size.js';

const listOrText = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().join(','));

/** The body of `POST …/search`. */
export const searchBody = z.object({
  filter: z.record(z.string(), z.unknown()).optional(),
  sort: listOrText.optional(),
  limit: z.int().min(1).max(LIMITS.maxLimit).optional(),
  offset: z.int().min(0).optional(),
  fields: listOrText.optional(),
  include: listOrText.optional(),
  meta: z.boolean().optional(),
  hints: z.boolean().optional(),
});
export type SearchBody = z.infer<typeof searchBody>;

/** @throws ApiError unknown_field, unknown_operator, validation_failed */
export function parseSearch(resource: Resource, body: SearchBody, defaults: QueryDefaults): ListQuery {
  const filter = body.filter === undefined ? EVERYTHING : parseFilter(resource, body.filter, 0);
  refuseHuge(filter);
  return {
    filter,
    sort: parseSort(resource, body.sort ?? ''),
    limit: body.limit ?? defaults.defaultLimit,
    offset: body.offset ?? 0,
    ...parseShape(resource, body.include ?? '', body.fields ?? ''),
    meta: true,
  };
}

function parseFilter(resource: Resource, filter: unknown, depth: number): Condition {
  if (depth > LIMITS.maxDepth) throw invalid(`filter: nested deeper than ${LIMITS.maxDepth} levels`);
  if (!isObject(filter)) throw invalid('filter: expected an object of conditions');
  const parts = Object.entries(filter).map(([key, value]): Condition => {
    const logical = key.toLowerCase();
    if (logical === 'and' || logical === 'or') {
      if (!Array.isArray(value)) throw invalid(`filter.${key}: expected an array of filters`);
      return { kind: logical, of: value.map((item) => parseFilter(resource, item, depth + 1)) };
    }
    if (logical === 'not') return { kind: 'not', of: parseFilter(resource, value, depth + 1) };
    return parseField(resource, key, value);
  });
  return { kind: 'and', of: parts };
}

function parseField(resource: Resource, field: string, given: unknown): Condition {
  const { column, path } = placeOf(resource, field);
  // A list stands for one of its items, but where the field is a list or JSON itself.
  const listed = Array.isArray(given) && (path !== null || !['array', 'json'].includes(column.kind));
  const operators: Record<string, unknown> = isObject(given) ? given : { [listed ? 'in' : 'eq']: given };
  const parts = Object.entries(operators).map(([operator, value]): Condition => {
    if (!isOperator(operator)) throw unknownOperator(operator);
    if (value === null && (operator === 'eq' || operator === 'ne')) {
      return { kind: 'field', field, operator: 'isNull', value: operator === 'eq' };
    }
    return { kind: 'field', field, operator, value };
  });
  return { kind: 'and', of: parts };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): ApiError {
  return new ApiError('validation_failed', message);
}
