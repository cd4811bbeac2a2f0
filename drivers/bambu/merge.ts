import { isObject, type JsonObject, readObjects, readText } from './coerce.js';

/**
 * Merging one report into the state kept so far (docs/protocol.md §5.1). The state takes over the parsed parts of
 * the report instead of copying them: a report is parsed once and belongs to nobody else.
 */

/** How a list at this place of the tree merges; everywhere else a new list replaces the old one. */
export type ListMerge = (known: readonly unknown[], news: readonly unknown[]) => unknown[];

/** By key; `skip` leaves a key to somebody else. */
export interface ListRules {
  readonly [key: string]: ListRules | ListMerge | 'skip';
}

/** Deeper than any real report; what lies below is replaced as a whole. */
const MAX_DEPTH = 24;

const NO_RULES: ListRules = {};

/** Objects merge key by key, absent keys stay, everything else replaces. */
export function mergeObject(
  known: JsonObject,
  news: JsonObject,
  rules: ListRules = NO_RULES,
  depth = 0,
): void {
  for (const key of Object.keys(news)) {
    // Assigning this key would change the prototype of the tree.
    if (key === '__proto__') continue;
    const rule = rules !== NO_RULES && Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === 'skip') continue;
    const incoming = news[key];
    const present = known[key];
    if (isObject(incoming) && isObject(present) && depth < MAX_DEPTH) {
      mergeObject(present, incoming, typeof rule === 'object' ? rule : NO_RULES, depth + 1);
    } else if (typeof rule === 'function' && Array.isArray(incoming) && Array.isArray(present)) {
      known[key] = rule(present, incoming);
    } else {
      known[key] = incoming;
    }
  }
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

/** Entries with a known id merge into it, others are added; nothing leaves. */
export function mergeById(known: readonly unknown[], news: readonly unknown[]): unknown[] {
  const entries = indexById(known);
  for (const [id, incoming] of indexById(news)) {
    const present = entries.get(id);
    if (present === undefined) entries.set(id, incoming);
    else mergeObject(present, incoming);
  }
  return [...entries.values()];
}

/** Air duct parts that only a whole inventory lists: part fan and auxiliary fan. */
const INVENTORY_MARKS = ['16', '32'];

/** A list of air duct parts may hold only those that changed. */
export function mergeAirductParts(known: readonly unknown[], news: readonly unknown[]): unknown[] {
  const ids = new Set(readObjects(news).map(entryId));
  return INVENTORY_MARKS.every((id) => ids.has(id)) ? [...news] : mergeById(known, news);
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
