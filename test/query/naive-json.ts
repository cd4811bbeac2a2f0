import fc from 'fast-check';
import type { Operator } from '../../src/query/condition.js';

/** What conditions on JSON mean, written down a second time, and JSON to try them on. */

const KEYS = fc.constantFrom('a', 'b', 'a.b', '0', '1');

export const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, false, 0, 1, -2.5, 'a', 'A', '', '1', 'true', 'a.b', '%', 'ä'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(KEYS, tie('value'), { maxKeys: 3 }),
  ),
})).value;
export const objects = fc.dictionary(KEYS, json, { maxKeys: 4 });

const scalars = fc.constantFrom<unknown>('a', 'A', '', '1', 1, 0, -2.5, true, 'true', '%', 'ä');
const numbers = fc.constantFrom<unknown>(0, '1', -2.5);
const PATHS = ['a', 'b', 'a.b', 'a.a', '0', 'a.0', 'a.1.b', 'b.0.0'];

/** Conditions at places inside JSON: path, operator, value. */
export const conditionsAtPlaces = fc.tuple(
  fc.constantFrom(...PATHS),
  fc.oneof<fc.Arbitrary<readonly [Operator, unknown]>[]>(
    fc.tuple(fc.constantFrom<Operator>('eq', 'ne'), fc.oneof(scalars, objects, fc.array(json))),
    fc.tuple(fc.constantFrom<Operator>('in', 'notIn'), fc.array(scalars, { maxLength: 3 })),
    fc.tuple(fc.constantFrom<Operator>('gt', 'gte', 'lt', 'lte'), numbers),
    fc.tuple(fc.constant<Operator>('between'), fc.tuple(numbers, numbers)),
    fc.tuple(fc.constant<Operator>('isNull'), fc.boolean()),
    fc.tuple(
      fc.constantFrom<Operator>('contains', 'startsWith', 'endsWith'),
      fc.constantFrom<unknown>('a', '1', 'tr', '%', 'ä', '['),
    ),
  ),
);

/** Conditions on JSON as a whole. */
export const conditionsOnWhole = fc.oneof<fc.Arbitrary<readonly [Operator, unknown]>[]>(
  fc.tuple(fc.constantFrom<Operator>('eq', 'ne'), objects),
  fc.tuple(fc.constant<Operator>('isNull'), fc.boolean()),
  fc.tuple(
    fc.constantFrom<Operator>('contains', 'startsWith', 'endsWith'),
    fc.constantFrom<unknown>('a', '{', '}', '"a":', 'Ä', '%', '_'),
  ),
);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same JSON, whatever the order of its members. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join()}}`;
}

/** What stands at a path: the whole of it as a key, then keys one by one, then numbers as positions. */
export function at(root: unknown, path: string): unknown {
  if (!isRecord(root)) return undefined;
  if (Object.hasOwn(root, path)) return root[path];
  const walk = (positions: boolean) =>
    path.split('.').reduce<unknown>((value, key) => {
      if (positions && /^\d+$/.test(key)) return Array.isArray(value) ? value[Number(key)] : undefined;
      return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }, root);
  const [plain, positioned] = [walk(false), walk(true)];
  return plain === undefined ? positioned : plain;
}

/** Whether a condition holds for what stands at a place, or for the whole. */
export function jsonHolds(found: unknown, operator: Operator, value: unknown): boolean {
  const nothing = found === undefined || found === null;
  const scalar = !nothing && typeof found !== 'object';
  const number = (given: unknown) => Number(String(given));
  const compared = (holds: (found: number) => boolean) => typeof found === 'number' && holds(found);
  switch (operator) {
    case 'eq':
      if (typeof value === 'object')
        return typeof found === 'object' && !nothing && canonical(found) === canonical(value);
      if (!scalar) return false;
      if (typeof found === 'number') return String(value).trim() !== '' && found === number(value);
      return String(found) === String(value);
    case 'ne':
      return !jsonHolds(found, 'eq', value);
    case 'in':
      return Array.isArray(value) && value.some((one) => jsonHolds(found, 'eq', one));
    case 'notIn':
      return !jsonHolds(found, 'in', value);
    case 'isNull':
      return nothing === value;
    case 'gt':
      return compared((one) => one > number(value));
    case 'gte':
      return compared((one) => one >= number(value));
    case 'lt':
      return compared((one) => one < number(value));
    case 'lte':
      return compared((one) => one <= number(value));
    case 'between':
      return Array.isArray(value) && compared((one) => one >= number(value[0]) && one <= number(value[1]));
    default: {
      if (nothing) return false;
      const text = (scalar ? String(found) : JSON.stringify(found)).toLowerCase();
      const part = String(value).toLowerCase();
      if (operator === 'startsWith') return text.startsWith(part);
      return operator === 'endsWith' ? text.endsWith(part) : text.includes(part);
    }
  }
}
