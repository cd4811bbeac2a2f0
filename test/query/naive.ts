import type { Condition, Operator, SortKey } from '../../src/query/condition.js';
import { at, jsonHolds } from './naive-json.js';
import { thing } from './things.js';

/** What a condition means, written down a second time: slowly, over one row in memory. */
export function holds(condition: Condition, row: Readonly<Record<string, unknown>>): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => holds(part, row));
    case 'or':
      return condition.of.some((part) => holds(part, row));
    case 'not':
      return !holds(condition.of, row);
    case 'field': {
      const [name = '', ...path] = condition.field.split('.');
      if (name === 'data') {
        const found = path.length === 0 ? row.data : at(row.data, path.join('.'));
        return jsonHolds(found, condition.operator, condition.value);
      }
      const stored = row[condition.field];
      const negated = condition.operator === 'ne' ? 'eq' : condition.operator === 'notIn' ? 'in' : null;
      if (negated) return !holds({ ...condition, operator: negated }, row);
      if (condition.operator === 'isNull') {
        const empty = stored === null || (Array.isArray(stored) && stored.length === 0);
        return empty === flag(condition.value);
      }
      if (stored === null) return false;
      return Array.isArray(stored)
        ? listHolds(stored.map(String), condition.operator, condition.value)
        : scalarHolds(condition.field, stored, condition.operator, condition.value);
    }
  }
}

function scalarHolds(field: string, stored: unknown, operator: Operator, given: unknown): boolean {
  const typed = (value: unknown) => operandOf(field, value);
  switch (operator) {
    case 'eq':
      return isDay(field, given) ? String(stored).startsWith(String(given)) : key(stored) === typed(given);
    case 'in':
      return asList(given).some((one) => scalarHolds(field, stored, 'eq', one));
    case 'gt':
      return order(key(stored), typed(given)) > 0;
    case 'gte':
      return order(key(stored), typed(given)) >= 0;
    case 'lt':
      return order(key(stored), typed(given)) < 0;
    case 'lte':
      return order(key(stored), typed(given)) <= 0;
    case 'between': {
      const [low, high] = asList(given);
      return order(key(stored), typed(low)) >= 0 && order(key(stored), typed(high)) <= 0;
    }
    default:
      return textHolds(String(stored), operator, String(given));
  }
}

function listHolds(stored: readonly string[], operator: Operator, given: unknown): boolean {
  switch (operator) {
    case 'eq': {
      const list = literal(given);
      if (!list) return stored.includes(String(given));
      const sameSet = list.every((one) => stored.includes(one)) && stored.every((one) => list.includes(one));
      return sameSet && stored.length === list.length;
    }
    case 'in':
      return asList(given).some((one) => stored.includes(String(one)));
    default:
      return stored.some((one) => textHolds(one, operator, String(given)));
  }
}

function textHolds(stored: string, operator: Operator, given: string): boolean {
  const [text, part] = [stored.toLowerCase(), given.toLowerCase()];
  if (operator === 'contains') return text.includes(part);
  if (operator === 'startsWith') return text.startsWith(part);
  if (operator === 'endsWith') return text.endsWith(part);
  throw new Error(`${operator} is not for texts`);
}

/** Rows in the order that a sort asks for. */
export function sorted<T extends Readonly<Record<string, unknown>>>(
  rows: readonly T[],
  sort: readonly SortKey[],
): T[] {
  return [...rows].sort((a, b) => {
    for (const { field, direction } of [...sort, { field: 'id', direction: 'asc' } as const]) {
      const [x, y] = [a[field], b[field]];
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const folded = thing.columns[field as keyof typeof thing.columns]?.kind === 'string';
      const fold = (value: unknown) => (folded ? String(value).toLowerCase() : key(value));
      const difference = order(fold(x), fold(y));
      if (difference !== 0) return direction === 'asc' ? difference : -difference;
    }
    return 0;
  });
}

function operandOf(field: string, value: unknown): string | number {
  const kind = Object.entries(thing.columns).find(([name]) => name === field)?.[1].kind;
  if (kind === 'number') return Number(value);
  if (kind === 'boolean') return flag(value) ? 1 : 0;
  if (kind === 'date') return new Date(typeof value === 'number' ? value : String(value)).toISOString();
  return String(value);
}

function key(stored: unknown): string | number {
  return typeof stored === 'boolean' ? Number(stored) : typeof stored === 'number' ? stored : String(stored);
}

/** Numbers by value, texts by code point. */
function order(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function isDay(field: string, value: unknown): boolean {
  return field.endsWith('At') && typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
}

function flag(value: unknown): boolean {
  return value === true || value === 'true' || value === 1 || value === '1';
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function literal(value: unknown): readonly string[] | null {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'string' || !value.startsWith('[')) return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed.map(String) : null;
  } catch {
    return null;
  }
}
