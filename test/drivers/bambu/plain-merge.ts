/** Merging as docs/protocol.md §5.1 says it, in the plainest way: everything is written anew. A measure for the driver's. */
import { slotBit, unitBit } from '../../../drivers/bambu/ams-numbers.js';
import {
  hasBit,
  isObject,
  type JsonObject,
  readHexBits,
  readInteger,
} from '../../../drivers/bambu/coerce.js';

export function plainMerge(
  known: JsonObject,
  news: JsonObject,
  leftAlone: readonly string[] = [],
): JsonObject {
  const result = structuredClone(known);
  for (const [key, incoming] of Object.entries(structuredClone(news))) {
    if (leftAlone.includes(key)) continue;
    const present = result[key];
    result[key] = isObject(incoming) && isObject(present) ? plainMerge(present, incoming) : incoming;
  }
  return result;
}

export function plainAms(known: JsonObject, news: JsonObject, full: boolean): JsonObject {
  const result = plainMerge(known, news, ['ams']);
  const slotBits = readHexBits(news.tray_exist_bits);
  const unitBits = readHexBits(news.ams_exist_bits);
  const listed = byId(news.ams);
  const units = byId(known.ams);
  for (const [id, incoming] of listed) {
    const unit = units.get(id) ?? { id };
    const trays = byId(unit.tray);
    for (const [trayId, tray] of byId(incoming.tray)) {
      const bit = slotBit(Number(id), Number(trayId));
      const isThere = slotBits !== null && bit !== null && hasBit(slotBits, bit);
      trays.set(trayId, plainTray(trays.get(trayId) ?? { id: trayId }, tray, full, isThere));
    }
    const merged = plainMerge(unit, incoming, ['tray']);
    units.set(id, Array.isArray(incoming.tray) ? { ...merged, tray: [...trays.values()] } : merged);
  }
  if (Array.isArray(news.ams)) result.ams = [...units.values()];
  if (slotBits !== null && Array.isArray(result.ams)) {
    result.ams = [...byId(result.ams)].map(([id, unit]) => {
      if (!Array.isArray(unit.tray)) return unit;
      const left = [...byId(unit.tray)].map(([trayId, tray]) => {
        const bit = slotBit(Number(id), Number(trayId));
        return bit === null || hasBit(slotBits, bit) ? tray : emptied(tray);
      });
      return { ...unit, tray: left };
    });
  }
  if (unitBits !== null) {
    const left = [...byId(result.ams)].filter(([id]) => {
      const bit = unitBit(Number(id));
      return bit === null || hasBit(unitBits, bit) || listed.has(id);
    });
    result.ams = left.map(([, unit]) => unit);
  }
  return result;
}

function plainTray(tray: JsonObject, news: JsonObject, full: boolean, isThere: boolean): JsonObject {
  if (Object.keys(news).every((key) => key === 'id')) return full ? emptied(tray) : tray;
  const state = readInteger(news.state);
  const isGone = state !== null && state % 2 === 0 && !isThere;
  if (news.tray_type === '' || isGone)
    return { ...emptied(tray), ...(state === null ? {} : { state: news.state }) };
  const merged = plainMerge(tray, news);
  for (const key of full ? [] : ['tag_uid', 'tray_uuid']) {
    if (isBlank(merged[key]) && !isBlank(tray[key])) merged[key] = tray[key];
  }
  return merged;
}

function isBlank(value: unknown): boolean {
  return /^0*$/.test(typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '');
}

function emptied({ id, state }: JsonObject): JsonObject {
  return { ...(id === undefined ? {} : { id }), ...(state === undefined ? {} : { state }) };
}

function byId(list: unknown): Map<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  for (const entry of Array.isArray(list) ? structuredClone(list).filter(isObject) : []) {
    const id = String(entry.id ?? '').trim();
    if (id !== '' && !found.has(id)) found.set(id, entry);
  }
  return found;
}
