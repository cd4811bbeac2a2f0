import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { arrayLength, someElement } from '../database/json-sql.js';
import type { AnyColumn } from '../resources/column.js';
import type { Resource } from '../resources/resource.js';
import type { Condition, Operator, SortKey } from './condition.js';
import { fieldOf } from './fields.js';
import { checkOperator, flagOperand, operand, operandList, wholeDay } from './operands.js';

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
      const column = fieldOf(resource, condition.field);
      checkOperator(condition.field, column, condition.operator);
      const ref = sql.ref(`${resource.name}.${condition.field}`);
      return column.kind === 'array'
        ? compileArray(condition.field, column, ref, condition.operator, condition.value)
        : compileScalar(condition.field, column, ref, condition.operator, condition.value);
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
    case 'in': {
      const items = operandList(field, column, value);
      return items.length === 0 ? FALSE : sql<SqlBool>`${ref} in (${sql.join(items)})`;
    }
    case 'notIn': {
      const items = operandList(field, column, value);
      return items.length === 0 ? TRUE : sql<SqlBool>`(${ref} is null or ${ref} not in (${sql.join(items)}))`;
    }
    case 'isNull':
      return flagOperand(field, value) ? sql<SqlBool>`${ref} is null` : sql<SqlBool>`${ref} is not null`;
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return like(sql`cast(${ref} as text)`, operator, String(operandText(field, value)));
  }
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
      const text = operandText(field, value);
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
  const holdsAll = items.map((item) => someElement(ref, (element) => sql`${element} = ${item}`));
  const holdsOthers =
    items.length === 0 ? FALSE : someElement(ref, (element) => sql`${element} not in (${sql.join(items)})`);
  return joined(
    [sql<SqlBool>`${arrayLength(ref)} = ${list.length}`, ...holdsAll, sql<SqlBool>`not ${holdsOthers}`],
    'and',
  );
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

function operandText(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ApiError('validation_failed', `${field}: expected a text to look for`);
}

/** Case folded, with the wildcards of the value taken literally. */
function like(
  text: RawBuilder<unknown>,
  operator: 'contains' | 'startsWith' | 'endsWith',
  value: string,
): Predicate {
  // Only ASCII letters: SQLite folds no others, and both sides must be folded alike.
  const folded = value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const literal = folded.replaceAll(/[\\%_]/g, (char) => `\\${char}`);
  const pattern = `${operator === 'startsWith' ? '' : '%'}${literal}${operator === 'endsWith' ? '' : '%'}`;
  return sql<SqlBool>`lower(${text}) like ${pattern} escape '\\'`;
}

/** The order: what was asked, else the resource's own, with the id as the last tie break. Nulls come last. */
export function compileSort(resource: Resource, sort: readonly SortKey[]): RawBuilder<unknown> {
  const keys = [
    ...(sort.length > 0 ? sort : resource.defaultSort),
    { field: 'id', direction: 'asc' } as const,
  ];
  const terms = keys.flatMap(({ field, direction }) => {
    const column = fieldOf(resource, field);
    const ref = sql.ref(`${resource.name}.${field}`);
    const folded = column.kind === 'string' ? sql`${ref} collate nocase` : ref;
    const ordered = direction === 'asc' ? folded : sql`${folded} desc`;
    return column.nullable ? [sql`${ref} is null`, ordered] : [ordered];
  });
  return sql.join(terms);
}
