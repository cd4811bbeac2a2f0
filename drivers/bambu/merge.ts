import { isObject, type JsonObject, readObjects, readText } from './coerce.js';
import { isSame } from './same.js';

/**
 * Merging one report into the state kept so far (docs/protocol.md §5.1). Only the outermost object is written to;
 * below it an object that changes is replaced and one that does not stays the same object, so that what was read from
 * it stands. Most of a report says what is known already.
 */

/** How a list at this place of the tree merges; everywhere else a new list replaces the old one. */
export type ListMerge = (known: readonly unknown[], news: readonly unknown[]) => readonly unknown[];

/** By key; `skip` leaves a key to somebody else. */
export interface ListRules {
  readonly [key: string]: ListRules | ListMerge | 'skip';
}

/** Deeper than any real report; what lies below is replaced as a whole. */
const MAX_DEPTH = 24;

const NO_RULES: ListRules = {};

/** Objects merge key by key, absent keys stay, everything else replaces. */
export function mergeObject(known: JsonObject, news: JsonObject, rules: ListRules = NO_RULES): void {
  for (const key in news) {
    const before = known[key];
    const after = mergedValue(key, before, news[key], rules, 0);
    if (!Object.is(after, before)) known[key] = after;
  }
}

/** The same without writing to `known`, which is what comes back when the news change nothing. */
export function mergedObject(
  known: JsonObject,
  news: JsonObject,
  rules: ListRules = NO_RULES,
  depth = 0,
): JsonObject {
  let result = known;
  for (const key in news) {
    const before = known[key];
    const after = mergedValue(key, before, news[key], rules, depth);
    if (Object.is(after, before)) continue;
    if (result === known) result = { ...known };
    result[key] = after;
  }
  return result;
}

function mergedValue(
  key: string,
  known: unknown,
  incoming: unknown,
  rules: ListRules,
  depth: number,
): unknown {
  // Assigning this key would change the prototype of the tree.
  if (key === '__proto__') return known;
  const rule = rules !== NO_RULES && Object.hasOwn(rules, key) ? rules[key] : undefined;
  if (rule === 'skip') return known;
  if (isObject(incoming) && isObject(known) && depth < MAX_DEPTH) {
    return mergedObject(known, incoming, typeof rule === 'object' ? rule : NO_RULES, depth + 1);
  }
  const lists = typeof rule === 'function' && Array.isArray(incoming) && Array.isArray(known);
  const news = lists ? rule(known, incoming) : incoming;
  return isSame(known, news) ? known : news;
}

/** Ids come as strings and as numbers; null for an entry without one. */
export function entryId(entry: JsonObject): string | null {
  const id = readText(entry.id);
  return id === '' ? null : id;
}

/** The entries of a list by their id, in their order; entries without an id are left out. */
export function indexById(list: unknown): Map<string, JsonObject> {
  const entries = new Map<string, JsonObject>();
  for (const entry of readObjects(list)) {
    const id = entryId(entry);
    if (id !== null && !entries.has(id)) entries.set(id, entry);
  }
  return entries;
}

/**
 * Entries with a known id become what `merge` makes of them, others are added; nothing leaves. The known list comes
 * back when none of its entries became another.
 */
export function mergedEntries(
  known: unknown,
  news: readonly unknown[],
  merge: (present: JsonObject, incoming: JsonObject, id: string) => JsonObject,
): readonly unknown[] {
  const entries = indexById(known);
  for (const [id, incoming] of indexById(news)) {
    entries.set(id, merge(entries.get(id) ?? { id }, incoming, id));
  }
  return keptList(known, [...entries.values()]);
}

/** The known list when it holds the very same entries. */
export function keptList(known: unknown, list: readonly unknown[]): readonly unknown[] {
  const isKept =
    Array.isArray(known) &&
    known.length === list.length &&
    list.every((entry, index) => entry === known[index]);
  return isKept ? known : list;
}

export function mergeById(known: readonly unknown[], news: readonly unknown[]): readonly unknown[] {
  return mergedEntries(known, news, (present, incoming) => mergedObject(present, incoming));
}

/** Air duct parts that only a whole inventory lists: part fan and auxiliary fan. */
const INVENTORY_MARKS = ['16', '32'];

/** A list of air duct parts may hold only those that changed. */
export function mergeAirductParts(known: readonly unknown[], news: readonly unknown[]): readonly unknown[] {
  const ids = new Set(readObjects(news).map(entryId));
  return INVENTORY_MARKS.every((id) => ids.has(id)) ? news : mergeById(known, news);
}

/** Slots have rules of their own, and the envelope describes the message and not the printer. */
const SKIPPED = { ams: 'skip', command: 'skip', msg: 'skip', sequence_id: 'skip' } as const;

/** Lists of a report that may arrive in part. */
export const DELTA_RULES: ListRules = {
  ...SKIPPED,
  device: { airduct: { parts: mergeAirductParts }, nozzle: { info: mergeById } },
};

/** A full report names every nozzle, so one that is gone leaves the list. */
export const FULL_RULES: ListRules = { ...SKIPPED, device: { airduct: { parts: mergeAirductParts } } };
