import { ApiError } from '../contract/errors.js';
import type { AnyColumn, ColumnKind } from '../resources/column.js';
import { LIMITS, OPERATORS, type Operator } from './condition.js';
import { instant } from './dates.js';

export type Operand = string | number;

const COMPARABLE: ReadonlySet<Operator> = new Set(OPERATORS);

const ALLOWED: Record<ColumnKind, ReadonlySet<Operator>> = {
  id: COMPARABLE,
  string: COMPARABLE,
  enum: new Set(['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'endsWith', 'isNull']),
  number: COMPARABLE,
  date: new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'between', 'in', 'notIn', 'isNull']),
  boolean: new Set(['eq', 'ne', 'in', 'notIn', 'isNull']),
  array: new Set(['eq', 'ne', 'in', 'notIn', 'contains', 'startsWith', 'endsWith', 'isNull']),
  json: new Set(['eq', 'ne', 'contains', 'startsWith', 'endsWith', 'isNull']),
};

/** Of the whole of a value that is compared by its places. */
const AT_PLACES: ReadonlySet<Operator> = new Set(['isNull']);

/** @throws ApiError unknown_operator when the operator means nothing for this kind of column */
export function checkOperator(field: string, column: AnyColumn, operator: Operator): void {
  const allowed = column.byPlace ? AT_PLACES : ALLOWED[column.kind];
  if (allowed.has(operator)) return;
  const instead = column.kind === 'json' ? `; name a place inside it, as in ${field}.name.${operator}` : '';
  throw new ApiError(
    'unknown_operator',
    `${field}: a ${column.kind} field cannot be compared with "${operator}"${instead}`,
    { allowed: [...allowed] },
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
  const time = instant(value);
  if (time !== null) return time;
  throw illTyped(field, 'an ISO 8601 time, a day such as 2026-03-01, or epoch milliseconds', value);
}

/** What a text is searched for. @throws ApiError validation_failed */
export function searchText(field: string, value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') throw illTyped(field, 'a text to look for', value);
  if (text.length <= LIMITS.maxSearchText) return text;
  throw new ApiError(
    'validation_failed',
    `${field}: a text to look for has ${LIMITS.maxSearchText} characters at most`,
  );
}

export function illTyped(field: string, expected: string, value: unknown): ApiError {
  return new ApiError('validation_failed', `${field}: expected ${expected}, found ${brief(value)}`, {
    errors: [{ path: field, expected, value: brief(value) }],
  });
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
