import { ApiError } from '../contract/errors.js';
import type { AnyColumn, ColumnKind } from '../resources/column.js';
import { LIMITS, type Operator } from './condition.js';

export type Operand = string | number;

const ALLOWED: Record<ColumnKind, ReadonlySet<Operator>> = {
  id: new Set([
    'eq',
    'ne',
    'gt',
    'gte',
    'lt',
    'lte',
    'between',
    'in',
    'notIn',
    'contains',
    'startsWith',
    'endsWith',
    'isNull',
  ]),
  string: new Set([
    'eq',
    'ne',
    'gt',
    'gte',
    'lt',
    'lte',
    'between',
    'in',
    'notIn',
    'contains',
    'startsWith',
    'endsWith',
    'isNull',
  ]),
  enum: new Set(['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'endsWith', 'isNull']),
  number: new Set([
    'eq',
    'ne',
    'gt',
    'gte',
    'lt',
    'lte',
    'between',
    'in',
    'notIn',
    'contains',
    'startsWith',
    'endsWith',
    'isNull',
  ]),
  date: new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between', 'in', 'notIn', 'isNull']),
  boolean: new Set(['eq', 'ne', 'in', 'notIn', 'isNull']),
  array: new Set(['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'endsWith', 'isNull']),
  json: new Set(['contains', 'startsWith', 'endsWith', 'isNull']),
};

/** @throws ApiError unknown_operator when the operator means nothing for this kind of column */
export function checkOperator(field: string, column: AnyColumn, operator: Operator): void {
  const allowed = ALLOWED[column.kind];
  if (allowed.has(operator)) return;
  throw new ApiError(
    'unknown_operator',
    `${field}: a ${column.kind} field cannot be compared with "${operator}"`,
    {
      allowed: [...allowed],
    },
  );
}

/** One value in the form in which the column stores it. @throws ApiError validation_failed */
export function operand(field: string, column: AnyColumn, value: unknown): Operand {
  switch (column.kind) {
    case 'number':
      return numberOperand(field, value);
    case 'boolean':
      return booleanOperand(field, value);
    case 'date':
      return dateOperand(field, value);
    default:
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      throw illTyped(field, 'a text', value);
  }
}

/** Values of a list operator. @throws ApiError validation_failed */
export function operandList(field: string, column: AnyColumn, value: unknown): readonly Operand[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > LIMITS.maxListItems) {
    throw new ApiError('validation_failed', `${field}: more than ${LIMITS.maxListItems} values in one list`);
  }
  return items.map((item) => operand(field, column, item));
}

export function flagOperand(field: string, value: unknown): boolean {
  return booleanOperand(field, value) === 1;
}

/** A day such as `2026-03-01` stands for all of it in equality: the two ends, the second excluded. */
export function wholeDay(value: unknown): readonly [string, string] | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return null;
  const start = Date.parse(`${value}T00:00:00.000Z`);
  if (Number.isNaN(start)) return null;
  return [new Date(start).toISOString(), new Date(start + 86_400_000).toISOString()];
}

function numberOperand(field: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw illTyped(field, 'a number', value);
}

function booleanOperand(field: string, value: unknown): number {
  if (value === true || value === 'true' || value === 1 || value === '1') return 1;
  if (value === false || value === 'false' || value === 0 || value === '0') return 0;
  throw illTyped(field, 'true or false', value);
}

function dateOperand(field: string, value: unknown): string {
  const epoch = typeof value === 'string' && /^\d{10,16}$/.test(value) ? Number(value) : value;
  const time = typeof epoch === 'number' ? epoch : typeof epoch === 'string' ? Date.parse(epoch) : Number.NaN;
  const date = new Date(time);
  if (!Number.isNaN(date.getTime()) && date.getUTCFullYear() <= 9999) return date.toISOString();
  throw illTyped(field, 'an ISO 8601 time, a day such as 2026-03-01, or epoch milliseconds', value);
}

function illTyped(field: string, expected: string, value: unknown): ApiError {
  return new ApiError('validation_failed', `${field}: expected ${expected}, found ${JSON.stringify(value)}`, {
    errors: [{ path: field, expected, value }],
  });
}
