import { invalidInput } from '../contract/errors.js';
import type { Resource } from '../resources/resource.js';
import { type Condition, isOperator, LIMITS, type ListQuery } from './condition.js';
import { fieldOf, parseSort, placeOf, splitKey, unknownField, unknownOperator } from './fields.js';
import { parseShape } from './parse-include.js';
import { refuseHuge } from './size.js';

const CONTROL_WORDS = new Set(['sort', 'limit', 'offset', 'fields', 'include', 'meta', 'hints']);

export interface QueryDefaults {
  readonly defaultLimit: number;
}

/** Query parameters in the order they came, decoded once. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/**
 * `status=pending&priority.lte=100&sort=queueOrder&limit=20` as a list query. Parameters combine with AND; a repeated
 * equality means "any of these". A bare name that nobody knows (a cache buster) is ignored, a dotted one is not.
 *
 * @throws ApiError unknown_field, unknown_operator, validation_failed
 */
export function parseListParameters(
  resource: Resource,
  parameters: Parameters,
  defaults: QueryDefaults,
): ListQuery {
  const conditions: Condition[] = [];
  const equal = new Map<string, unknown[]>();
  const control = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (CONTROL_WORDS.has(name)) {
      control.set(name, value);
      continue;
    }
    const { field, operator } = splitKey(name);
    if (!Object.hasOwn(resource.columns, field)) {
      if (resource.masked.includes(field)) throw unknownField(resource, field);
      if (!name.includes('.')) continue;
      if (field === name) refuseUnknownOperator(resource, name);
    }
    placeOf(resource, field);
    if (!isOperator(operator)) continue;
    if (operator === 'eq' || operator === 'in') {
      const values = equal.get(field) ?? [];
      values.push(...(operator === 'in' ? splitItems(value) : [value]));
      equal.set(field, values);
    } else {
      const list = operator === 'notIn' || operator === 'between';
      conditions.push({ kind: 'field', field, operator, value: list ? splitItems(value) : value });
    }
  }
  for (const [field, values] of equal) {
    const [only] = values;
    const single = values.length === 1 && !parameters.some(([name]) => name === `${field}.in`);
    conditions.push(
      single
        ? { kind: 'field', field, operator: 'eq', value: only }
        : { kind: 'field', field, operator: 'in', value: values },
    );
  }
  const filter: Condition = { kind: 'and', of: conditions };
  refuseHuge(filter);
  return {
    filter,
    sort: parseSort(resource, control.get('sort') ?? ''),
    limit: boundedInteger('limit', control.get('limit'), defaults.defaultLimit, 1, LIMITS.maxLimit),
    offset: boundedInteger('offset', control.get('offset'), 0, 0, Number.MAX_SAFE_INTEGER),
    ...parseShape(resource, control.get('include') ?? '', control.get('fields') ?? ''),
    meta: isTrue(control.get('meta')) || isTrue(control.get('hints')),
  };
}

/** `name.like`: a field that there is, with an operator that there is not. In a JSON field it is a place. */
function refuseUnknownOperator(resource: Resource, key: string): void {
  const dot = key.lastIndexOf('.');
  if (!Object.hasOwn(resource.columns, key.slice(0, dot))) return;
  const column = fieldOf(resource, key.slice(0, dot));
  if (column.kind !== 'json') throw unknownOperator(key.slice(dot + 1));
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function boundedInteger(
  name: string,
  text: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalidInput([
    { path: `$query.${name}`, expected: `a whole number from ${min} to ${max}`, value: text },
  ]);
}

/** Items of a comma list: blanks around them trimmed, a backslash escapes, double quotes keep commas and blanks. */
export function splitItems(text: string): readonly string[] {
  if (text === '') return [];
  if (!/["\\]/.test(text)) return text.split(',').map((item) => item.trim());
  const items: string[] = [];
  let current = '';
  // What was quoted or escaped stays as it is; only what comes after it is trimmed.
  let kept = 0;
  let quoted = false;
  const end = () => {
    items.push(current.slice(0, kept) + current.slice(kept).trimEnd());
    [current, kept] = ['', 0];
  };
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '\\' && index + 1 < text.length) {
      index += 1;
      current += text.charAt(index);
      kept = current.length;
    } else if (char === '"') {
      quoted = !quoted;
      kept = current.length;
    } else if (char === ',' && !quoted) end();
    else if (quoted || current !== '' || char.trim() !== '') current += char;
  }
  end();
  return items;
}
