import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { arrayLength, countDistinct, someElement } from '../database/json-sql.js';
import type { AnyColumn } from '../resources/column.js';
import type { Resource } from '../resources/resource.js';
import { compileAtPath, compileJson } from './compile-json.js';
import type { Condition, Operator, SortKey } from './condition.js';
import { wholeDay } from './dates.js';
import { placeOf } from './fields.js';
import { like } from './like.js';
import { checkOperator, flagOperand, operand, operandList, searchText } from './operands.js';

type Predicate = RawBuilder<SqlBool>;

const TRUE: Predicate = sql<SqlBool>`1 = 1`;
const FALSE: Predicate = sql<SqlBool>`1 = 0`;

/** A condition as SQL. Names come from the definition, values are always bound. @throws ApiError */
export function compileCondition(resource: Resource, condition: Condition): Predicate {
  switch (condition.kind) {
    case 'and':
      return joined(
        condition.of.map((part) => compileCondition(resource, part)),
        'and',
      );
    case 'or':
      return joined(
        condition.of.map((part) => compileCondition(resource, part)),
        'or',
      );
    case 'not':
      return sql<SqlBool>`not coalesce(${compileCondition(resource, condition.of)}, 0)`;
    case 'field': {
      const { field, operator, value } = condition;
      const { name, column, path } = placeOf(resource, field);
      const ref = sql.ref(`${resource.name}.${name}`);
      if (path !== null) return compileAtPath(field, ref, path, operator, value);
      checkOperator(field, column, operator);
      if (column.kind === 'json') return compileJson(field, ref, operator, value);
      return column.kind === 'array'
        ? compileArray(field, column, ref, operator, value)
        : compileScalar(field, column, ref, operator, value);
    }
  }
}

function joined(parts: readonly Predicate[], word: 'and' | 'or'): Predicate {
  const [first] = parts;
  if (!first) return word === 'and' ? TRUE : FALSE;
  if (parts.length === 1) return first;
  return sql<SqlBool>`(${sql.join(parts, word === 'and' ? sql` and ` : sql` or `)})`;
}

const COMPARISONS = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` } as const;

function compileScalar(
  field: string,
  column: AnyColumn,
  ref: RawBuilder<unknown>,
  operator: Operator,
  value: unknown,
): Predicate {
  const day = column.kind === 'date' ? wholeDay(value) : null;
  switch (operator) {
    case 'eq':
      return day
        ? sql<SqlBool>`(${ref} >= ${day[0]} and ${ref} < ${day[1]})`
        : sql<SqlBool>`${ref} = ${operand(field, column, value)}`;
    case 'ne': {
      const equal = compileScalar(field, column, ref, 'eq', value);
      return sql<SqlBool>`(${ref} is null or not ${equal})`;
    }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return sql<SqlBool>`${ref} ${COMPARISONS[operator]} ${operand(field, column, value)}`;
    case 'between': {
      const ends = operandList(field, column, value);
      if (ends.length !== 2)
        throw new ApiError('validation_failed', `${field}: "between" takes exactly two values`);
      return sql<SqlBool>`${ref} between ${ends[0]} and ${ends[1]}`;
    }
    case 'in':
      return oneOf(field, column, ref, value);
    case 'notIn':
      return sql<SqlBool>`(${ref} is null or not ${oneOf(field, column, ref, value)})`;
    case 'isNull':
      return flagOperand(field, value) ? sql<SqlBool>`${ref} is null` : sql<SqlBool>`${ref} is not null`;
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return like(textOf(column, ref), operator, searchText(field, value));
  }
}

/** One of the values; among times a day stands for all of it. */
function oneOf(field: string, column: AnyColumn, ref: RawBuilder<unknown>, value: unknown): Predicate {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const days = column.kind === 'date' ? given.filter((item) => wholeDay(item) !== null) : [];
  const others = days.length === 0 ? given : given.filter((item) => !days.includes(item));
  const items = operandList(field, column, others);
  const parts = [
    ...(items.length === 0 ? [] : [sql<SqlBool>`${ref} in (${sql.join(items)})`]),
    ...(days.length === 0 ? [] : [sql<SqlBool>`substr(${ref}, 1, 10) in (${sql.join(days)})`]),
  ];
  return joined(parts, 'or');
}

/** The text a number or word is answered as. */
function textOf(column: AnyColumn, ref: RawBuilder<unknown>): RawBuilder<unknown> {
  const text = sql`cast(${ref} as text)`;
  if (column.sql !== 'real') return text;
  return sql`case when ${ref} = cast(${ref} as integer) then cast(cast(${ref} as integer) as text) else ${text} end`;
}

function compileArray(
  field: string,
  column: AnyColumn,
  ref: RawBuilder<unknown>,
  operator: Operator,
  value: unknown,
): Predicate {
  switch (operator) {
    case 'eq':
      return sameElements(field, column, ref, value);
    case 'ne':
      return sql<SqlBool>`(${ref} is null or not ${sameElements(field, column, ref, value)})`;
    case 'in': {
      const items = operandList(field, column, value);
      return items.length === 0
        ? FALSE
        : someElement(ref, (element) => sql`${element} in (${sql.join(items)})`);
    }
    case 'notIn':
      return sql<SqlBool>`(${ref} is null or not ${compileArray(field, column, ref, 'in', value)})`;
    case 'isNull': {
      const empty = sql<SqlBool>`(${ref} is null or ${arrayLength(ref)} = 0)`;
      return flagOperand(field, value) ? empty : sql<SqlBool>`not ${empty}`;
    }
    case 'contains':
    case 'startsWith':
    case 'endsWith': {
      const text = searchText(field, value);
      return someElement(ref, (element) => like(element, operator, text));
    }
    default:
      throw new ApiError('unknown_operator', `${field}: a list cannot be compared with "${operator}"`);
  }
}

/** One value: the list holds it. A list: the same elements in any order. */
function sameElements(field: string, column: AnyColumn, ref: RawBuilder<unknown>, value: unknown): Predicate {
  const list = Array.isArray(value) ? value : jsonArray(value);
  if (!list) {
    const single = operand(field, column, value);
    return someElement(ref, (element) => sql`${element} = ${single}`);
  }
  const items = [...new Set(operandList(field, column, list))];
  const sameLength = sql<SqlBool>`${arrayLength(ref)} = ${list.length}`;
  if (items.length === 0) return sameLength;
  // Counted, not one condition per element: a long chain of conditions is more than the database parses.
  const among = (element: RawBuilder<unknown>) => sql<SqlBool>`${element} in (${sql.join(items)})`;
  const holdsAll = sql<SqlBool>`${countDistinct(ref, among)} = ${items.length}`;
  const holdsOthers = someElement(ref, (element) => sql<SqlBool>`not ${among(element)}`);
  return joined([sameLength, holdsAll, sql<SqlBool>`not ${holdsOthers}`], 'and');
}

function jsonArray(value: unknown): unknown[] | null {
  if (typeof value !== 'string' || !value.startsWith('[')) return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    // Not a JSON literal: then it is one word that happens to begin with a bracket.
    return null;
  }
}

/** The order: what was asked, else the resource's own, with the id as the last tie break. Nulls come last. */
export function compileSort(resource: Resource, sort: readonly SortKey[]): RawBuilder<unknown> {
  const keys = [
    ...(sort.length > 0 ? sort : resource.defaultSort),
    { field: 'id', direction: 'asc' } as const,
  ];
  const terms = keys.flatMap(({ field, direction }) => {
    // What was asked for passed `parseSort`; the resource's own order may go by columns that callers do not see.
    const column = resource.columns[field];
    if (!column) throw new TypeError(`A ${resource.label} has no column ${field}`);
    const ref = sql.ref(`${resource.name}.${field}`);
    const folded = column.kind === 'string' ? sql`lower(${ref})` : ref;
    const ordered = direction === 'asc' ? folded : sql`${folded} desc`;
    return column.nullable ? [sql`${ref} is null`, ordered] : [ordered];
  });
  return sql.join(terms);
}
