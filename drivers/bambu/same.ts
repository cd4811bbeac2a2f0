import { isObject, type JsonObject } from './coerce.js';

/** Deeper than any real report, and than anything made of one. */
const MAX_DEPTH = 32;

/**
 * Whether two values of plain data say the same; the order of keys says nothing. What lies too deep to be looked at
 * counts as different.
 */
export function isSame(one: unknown, other: unknown, depth = 0): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(one)) return Array.isArray(other) && isSameList(one, other, depth + 1);
  return isObject(one) && isObject(other) && hasSameKeys(one, other, depth + 1);
}

function isSameList(one: readonly unknown[], other: readonly unknown[], depth: number): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (!isSame(one[index], other[index], depth)) return false;
  }
  return true;
}

function hasSameKeys(one: JsonObject, other: JsonObject, depth: number): boolean {
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], depth));
}
