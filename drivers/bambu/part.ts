import type { JsonObject } from './coerce.js';
import { isSame } from './same.js';

/** Reads one part of a printer's state. `context` is what is known beside the report. */
export type Part<C extends readonly unknown[], T> = (print: JsonObject, ...context: C) => T;

/**
 * A reader for one printer that reads anew only when something that it reads has changed, and gives back what it gave
 * before when the result says the same. It is shown the named keys alone: one that is missing here would never be
 * read, which every test sees, instead of being read late, which none would.
 */
export function part<C extends readonly unknown[], T>(
  keys: readonly string[],
  read: (print: JsonObject, ...context: C) => T,
): Part<C, T> {
  let kept: { readonly values: readonly unknown[]; readonly context: C; readonly result: T } | null = null;
  return (print, ...context) => {
    if (kept !== null && isUnchanged(print, keys, kept.values) && sameEntries(context, kept.context)) {
      return kept.result;
    }
    const shown: JsonObject = {};
    for (const key of keys) if (Object.hasOwn(print, key)) shown[key] = print[key];
    const news = read(shown, ...context);
    const result = kept !== null && isSame(kept.result, news) ? kept.result : news;
    kept = { values: keys.map((key) => print[key]), context, result };
    return result;
  };
}

function isUnchanged(print: JsonObject, keys: readonly string[], values: readonly unknown[]): boolean {
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (key !== undefined && !Object.is(print[key], values[index])) return false;
  }
  return true;
}

function sameEntries(one: readonly unknown[], other: readonly unknown[]): boolean {
  for (let index = 0; index < one.length; index += 1) if (!Object.is(one[index], other[index])) return false;
  return true;
}
