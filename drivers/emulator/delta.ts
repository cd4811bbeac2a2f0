/** What changed between two complete reports, in the form delta firmware sends (docs/protocol.md §5.1). */
import { isObject, type Json, type JsonObject } from './json.js';

/** Lists that are told by id: only changed units and trays, and of those only changed fields. */
const BY_ID = new Set(['ams', 'tray']);

/** Null when nothing changed. Keys that vanished cannot be told, as on real machines. */
export function changes(before: JsonObject, after: JsonObject): JsonObject | null {
  const changed: Record<string, Json> = {};
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (old === undefined) changed[key] = value;
    else if (isObject(value) && isObject(old)) {
      const inner = changes(old, value);
      if (inner !== null) changed[key] = inner;
    } else if (BY_ID.has(key) && isList(value) && isList(old)) {
      const inner = changedById(old, value);
      if (inner.length > 0) changed[key] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(value)) {
      changed[key] = value;
    }
  }
  return Object.keys(changed).length === 0 ? null : changed;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function changedById(before: readonly Json[], after: readonly Json[]): Json[] {
  const old = new Map(before.filter(isObject).map((item) => [item.id, item]));
  const changed: Json[] = [];
  for (const item of after) {
    if (!isObject(item)) continue;
    const known = old.get(item.id);
    if (known === undefined) {
      changed.push(item);
      continue;
    }
    // A spool that was taken out leaves nothing but the id.
    const shrunk = Object.keys(item).length < Object.keys(known).length;
    const inner = shrunk ? item : changes(known, item);
    if (inner !== null) changed.push({ id: item.id ?? null, ...inner });
  }
  return changed;
}
