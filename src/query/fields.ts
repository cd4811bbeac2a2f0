import { ApiError } from '../contract/errors.js';
import type { AnyColumn } from '../resources/column.js';
import type { Resource } from '../resources/resource.js';
import { isOperator, OPERATORS, type SortKey } from './condition.js';

/** Columns that a caller may name: what is hidden, secret or no part of the shape does not exist for it. */
export function queryableFields(resource: Resource): readonly string[] {
  return Object.keys(resource.columns).filter((name) => queryable(resource, name) !== null);
}

function queryable(resource: Resource, name: string): AnyColumn | null {
  const column = Object.hasOwn(resource.columns, name) ? resource.columns[name] : undefined;
  return column && !column.secret && resource.visible.includes(name) ? column : null;
}

/** The column of that name. @throws ApiError unknown_field, naming what there is */
export function fieldOf(resource: Resource, name: string): AnyColumn {
  const column = queryable(resource, name);
  if (column) return column;
  throw unknownField(resource, name);
}

/** What a condition is about: a column, or a place inside a column that holds JSON. */
export interface Place {
  readonly name: string;
  readonly column: AnyColumn;
  /** What follows the column's name, such as `plates.0.name`; null means the column itself. */
  readonly path: string | null;
}

/** @throws ApiError unknown_field, naming what there is */
export function placeOf(resource: Resource, field: string): Place {
  const dot = field.indexOf('.');
  if (dot < 0) return { name: field, column: fieldOf(resource, field), path: null };
  const name = field.slice(0, dot);
  const column = queryable(resource, name);
  if (column?.kind !== 'json') throw unknownField(resource, field);
  const path = field.slice(dot + 1);
  if (path.split('.').some((key) => column.secretKeys.includes(key))) throw unknownField(resource, field);
  return { name, column, path };
}

export function unknownField(resource: Resource, name: string): ApiError {
  const allowed = queryableFields(resource);
  return new ApiError('unknown_field', `A ${resource.label} has no field ${JSON.stringify(name)}`, {
    allowed,
  });
}

export function unknownOperator(word: string): ApiError {
  return new ApiError('unknown_operator', `There is no operator ${JSON.stringify(word)}`, {
    allowed: [...OPERATORS],
  });
}

/** `field.operator` split at the last dot whose tail is an operator; a bare field means equality. */
export function splitKey(key: string): { field: string; operator: string } {
  const dot = key.lastIndexOf('.');
  const tail = key.slice(dot + 1);
  if (dot > 0 && isOperator(tail)) return { field: key.slice(0, dot), operator: tail };
  return { field: key, operator: 'eq' };
}

/** `name:asc,createdAt:desc`. @throws ApiError unknown_field, validation_failed */
export function parseSort(resource: Resource, text: string): readonly SortKey[] {
  return commaList(text).map((item) => {
    const [field = '', way = 'asc', ...rest] = item.split(':').map((part) => part.trim());
    const direction = way.toLowerCase();
    fieldOf(resource, field);
    if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
      throw new ApiError(
        'validation_failed',
        `sort: ${JSON.stringify(item)} should be field:asc or field:desc`,
      );
    }
    return { field, direction };
  });
}

/** Names for `fields`; `id` and `storeId` always come along. @throws ApiError unknown_field */
export function parseFields(resource: Resource, text: string): readonly string[] | null {
  const names = commaList(text);
  if (names.length === 0) return null;
  for (const name of names) fieldOf(resource, name);
  return [...new Set(['id', 'storeId', ...names])];
}

export function commaList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The chosen fields of an entity as it leaves the daemon; null means all. */
export function chosen(
  entity: Record<string, unknown>,
  fields: readonly string[] | null,
): Record<string, unknown> {
  if (!fields) return entity;
  return Object.fromEntries(fields.filter((name) => name in entity).map((name) => [name, entity[name]]));
}
