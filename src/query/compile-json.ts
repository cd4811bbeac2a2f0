import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ApiError } from '../contract/errors.js';
import { isJsonNull, type JsonPlace, jsonAt, sameJson } from '../database/json-sql.js';
import type { Operator } from './condition.js';
import { instant } from './dates.js';
import { like } from './like.js';
import { flagOperand, illTyped, searchText } from './operands.js';

type Predicate = RawBuilder<SqlBool>;

/** A condition on a whole JSON value. @throws ApiError validation_failed */
export function compileJson(
  field: string,
  ref: RawBuilder<unknown>,
  operator: Operator,
  value: unknown,
): Predicate {
  switch (operator) {
    case 'eq':
      return sameJson(ref, jsonText(field, value));
    case 'ne':
      return sql<SqlBool>`(${ref} is null or not ${sameJson(ref, jsonText(field, value))})`;
    case 'isNull': {
      return flagOperand(field, value) ? isJsonNull(ref) : sql<SqlBool>`not ${isJsonNull(ref)}`;
    }
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return like(ref, operator, searchText(field, value));
    default:
      throw new ApiError('unknown_operator', `${field}: a JSON value cannot be compared with "${operator}"`);
  }
}

function jsonText(field: string, value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    // What was given is named in the error, which says what it should have been.
    throw illTyped(field, 'a JSON value, or name a place inside it as in metadata.name', value);
  }
}

const COMPARISONS = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` } as const;

/** A condition on what stands at a place inside a JSON value. @throws ApiError validation_failed */
export function compileAtPath(
  field: string,
  ref: RawBuilder<unknown>,
  path: string,
  operator: Operator,
  value: unknown,
): Predicate {
  const place = jsonAt(ref, checkedPath(field, path));
  const nothing = sql<SqlBool>`coalesce(${place.type}, 'null') = 'null'`;
  switch (operator) {
    case 'eq':
      return equals(field, place, value);
    case 'ne':
      return sql<SqlBool>`(${nothing} or not coalesce(${equals(field, place, value)}, 0))`;
    case 'in':
      return anyOf(field, place, value);
    case 'notIn':
      return sql<SqlBool>`(${nothing} or not coalesce(${anyOf(field, place, value)}, 0))`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compared(field, place, COMPARISONS[operator], value);
    case 'between': {
      if (!Array.isArray(value) || value.length !== 2)
        throw new ApiError('validation_failed', `${field}: "between" takes exactly two values`);
      const [low, high]: readonly unknown[] = value;
      return sql<SqlBool>`(${compared(field, place, COMPARISONS.gte, low)} and ${compared(field, place, COMPARISONS.lte, high)})`;
    }
    case 'isNull':
      return flagOperand(field, value) ? nothing : sql<SqlBool>`not ${nothing}`;
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return sql<SqlBool>`(not ${nothing} and ${like(textOf(place), operator, searchText(field, value))})`;
  }
}

const MAX_PATH = 200;
/** Each becomes several conditions, and the database nests them. */
const MAX_ITEMS = 100;

function checkedPath(field: string, path: string): string {
  const fits = path.length <= MAX_PATH && path.split('.').every((key) => key !== '' && !/["\\\0]/.test(key));
  if (fits) return path;
  throw new ApiError(
    'validation_failed',
    `${JSON.stringify(field.slice(0, MAX_PATH))}: a place inside JSON is named by keys between dots, ${MAX_PATH} characters at most, without quotes and backslashes`,
  );
}

/** Numbers and texts that read alike are alike: an address has nothing but texts. */
function equals(field: string, place: JsonPlace, value: unknown): Predicate {
  if (typeof value === 'object') return sameJson(ofKind(place, ['object', 'array']), JSON.stringify(value));
  const text = scalarText(field, value);
  const ways = [sql<SqlBool>`${is(place, ['text'])} and ${place.value} = ${text}`];
  const number = numberOf(text);
  if (number !== null)
    ways.push(sql<SqlBool>`${is(place, ['integer', 'real'])} and ${place.value} = ${number}`);
  if (text === 'true' || text === 'false') ways.push(is(place, [text]));
  return sql<SqlBool>`(${sql.join(ways, sql` or `)})`;
}

function anyOf(field: string, place: JsonPlace, value: unknown): Predicate {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > MAX_ITEMS)
    throw new ApiError('validation_failed', `${field}: more than ${MAX_ITEMS} values in one list`);
  if (items.length === 0) return sql<SqlBool>`1 = 0`;
  return sql<SqlBool>`(${sql.join(
    items.map((item) => equals(field, place, item)),
    sql` or `,
  )})`;
}

/** Numbers with numbers, times with times. */
function compared(
  field: string,
  place: JsonPlace,
  comparison: RawBuilder<unknown>,
  value: unknown,
): Predicate {
  const number = numberOf(scalarText(field, value));
  if (number !== null)
    return sql<SqlBool>`(${is(place, ['integer', 'real'])} and ${place.value} ${comparison} ${number})`;
  const time = instant(value);
  if (time === null) throw illTyped(field, 'a number or an ISO 8601 time', value);
  return sql<SqlBool>`(${is(place, ['text'])} and ${place.value} ${comparison} ${time})`;
}

function scalarText(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw illTyped(field, 'a text, a number, true or false', value);
}

function numberOf(text: string): number | null {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

function is(place: JsonPlace, types: readonly string[]): Predicate {
  return sql<SqlBool>`${place.type} in (${sql.join(types)})`;
}

function ofKind(place: JsonPlace, types: readonly string[]): RawBuilder<unknown> {
  return sql`case when ${is(place, types)} then ${place.value} else 'null' end`;
}

function textOf(place: JsonPlace): RawBuilder<unknown> {
  return sql`case when ${is(place, ['true', 'false'])} then ${place.type} else cast(${place.value} as text) end`;
}
