/** Judges the filament mapping of a start command against the file and the spools (docs/protocol.md §6.3). */
import type { AmsBay } from './ams.js';
import { isObject, type JsonObject, number } from './json.js';
import type { Feed } from './print-order.js';
import { PRINT_ERROR } from './profiles.js';
import type { PlateFilament } from './sliced-file.js';

export type MappingVerdict =
  | { readonly kind: 'ok'; readonly feeds: readonly Feed[] }
  | { readonly kind: 'bad'; readonly code: number; readonly reason: string };

/** `request` is the `print` object; `use_ams` has been checked to be a boolean. */
export function judgeMapping(
  request: JsonObject,
  filaments: readonly PlateFilament[],
  bay: AmsBay,
): MappingVerdict {
  const flat = numbers(request.ams_mapping);
  const detail = places(request.ams_mapping2);
  const usesAms = request.use_ams === true;
  const mapsTrays = flat.some((tray) => tray >= 0);
  // Machines with two nozzles take either value when everything is external.
  if (usesAms && !mapsTrays && bay.external.size === 1) {
    return bad(PRINT_ERROR.externalMappingFailed, 'use_ams is true and no AMS tray is mapped');
  }
  if (usesAms && bay.units.length === 0) {
    return bad(PRINT_ERROR.externalMappingFailed, 'use_ams is true and no AMS is fitted');
  }
  if (!usesAms && mapsTrays) {
    return bad(PRINT_ERROR.externalMappingFailed, 'use_ams is false and AMS trays are mapped');
  }
  const used = new Set(filaments.map((filament) => filament.index));
  const stray = flat.findIndex((tray, index) => tray !== -1 && !used.has(index));
  if (stray >= 0) return bad(PRINT_ERROR.mappingFailed, `filament ${stray} is mapped and not used`);
  const feeds: Feed[] = [];
  for (const filament of filaments) {
    const feed = feedOf(filament, flat, detail, usesAms, bay);
    if ('reason' in feed) return feed;
    feeds.push(feed);
  }
  return { kind: 'ok', feeds };
}

type Place = { readonly amsId: number; readonly slotId: number };
type Bad = Extract<MappingVerdict, { kind: 'bad' }>;

function feedOf(
  filament: PlateFilament,
  flat: readonly number[],
  detail: readonly Place[],
  usesAms: boolean,
  bay: AmsBay,
): Feed | Bad {
  const { index, grams, type } = filament;
  const tray = flat[index];
  const place = detail[index];
  // Without AMS an empty mapping means the external holder.
  if (tray === undefined && usesAms) return bad(PRINT_ERROR.mappingFailed, `no mapping of filament ${index}`);
  if (tray === undefined || tray === -1) return externalFeed(filament, place, usesAms, bay);
  const located = bay.locate(tray);
  if (located === null) return bad(PRINT_ERROR.mappingFailed, `no AMS tray ${tray}`);
  const { unit, slot } = located;
  if (place !== undefined && (place.amsId !== unit.id || place.slotId !== slot)) {
    return bad(PRINT_ERROR.mappingFailed, `ams_mapping2 of filament ${index} contradicts ams_mapping`);
  }
  const code = unitCode(unit.id);
  const spool = unit.slots[slot] ?? null;
  if (spool === null) return bad(code, `slot ${unit.id}/${slot} is empty`);
  if (spool.type.toUpperCase() !== type.toUpperCase()) {
    return bad(code, `slot ${unit.id}/${slot} holds ${spool.type}, the file wants ${type}`);
  }
  return { unitId: unit.id, slot, grams };
}

function externalFeed(
  filament: PlateFilament,
  place: Place | undefined,
  usesAms: boolean,
  bay: AmsBay,
): Feed | Bad {
  const { index, grams } = filament;
  const names = place !== undefined && (place.amsId === 255 || place.amsId === 254);
  if (place === undefined ? usesAms : !names || place.slotId !== 0) {
    return bad(PRINT_ERROR.mappingFailed, `filament ${index} is used and mapped nowhere`);
  }
  if (place === undefined && bay.external.size > 1) {
    return bad(PRINT_ERROR.mappingFailed, `filament ${index}: ams_mapping2 must say which external holder`);
  }
  return { unitId: bay.externalId(place?.amsId ?? 255), slot: 0, grams };
}

function bad(code: number, reason: string): Bad {
  return { kind: 'bad', code, reason };
}

/** The second byte of the code names the unit; one-slot units have a module of their own. */
function unitCode(unitId: number): number {
  const module = unitId >= 128 ? 0x18 : 0x07;
  return ((module << 24) | ((unitId & 0x07) << 16) | 0x8012) >>> 0;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map((item) => number(item) ?? -1) : [];
}

function places(value: unknown): Place[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => ({
    amsId: isObject(item) ? (number(item.ams_id) ?? -1) : -1,
    slotId: isObject(item) ? (number(item.slot_id) ?? -1) : -1,
  }));
}
