import { slotBit, unitBit } from './ams-numbers.js';
import { hasBit, type JsonObject, readHexBits, readInteger, readObjects, readText } from './coerce.js';
import { entryId, indexById, mergeObject } from './merge.js';

/**
 * Merging the `ams` part of a report (docs/protocol.md §5.1): units and slots merge by id, a unit leaves only when
 * its bit is cleared, and `tray_exist_bits` decides what is empty.
 */
export function mergeAms(known: JsonObject, news: JsonObject, full: boolean): void {
  const { ams: list, ...rest } = news;
  mergeObject(known, rest);
  const slotBits = 'tray_exist_bits' in news ? readHexBits(news.tray_exist_bits) : null;
  const listed = indexById(list);
  if (Array.isArray(list)) {
    const units = indexById(known.ams);
    for (const [id, incoming] of listed) {
      const unit = units.get(id) ?? { id };
      units.set(id, unit);
      mergeUnit(unit, incoming, { unitId: readInteger(id) ?? -1, full, slotBits });
    }
    known.ams = [...units.values()];
  }
  if (slotBits !== null) emptyMissingSlots(known, slotBits);
  const unitBits = 'ams_exist_bits' in news ? readHexBits(news.ams_exist_bits) : null;
  if (unitBits !== null) dropMissingUnits(known, unitBits, listed);
}

interface UnitContext {
  readonly unitId: number;
  readonly full: boolean;
  readonly slotBits: bigint | null;
}

function mergeUnit(unit: JsonObject, news: JsonObject, context: UnitContext): void {
  const { tray: list, ...rest } = news;
  mergeObject(unit, rest);
  if (!Array.isArray(list)) return;
  const trays = indexById(unit.tray);
  for (const [id, incoming] of indexById(list)) {
    const tray = trays.get(id) ?? { id };
    trays.set(id, tray);
    const bit = slotBit(context.unitId, readInteger(id) ?? -1);
    const present = context.slotBits === null || bit === null ? null : hasBit(context.slotBits, bit);
    mergeTray(tray, incoming, context.full, present);
  }
  unit.tray = [...trays.values()];
}

const SPOOL_IDENTITIES = ['tag_uid', 'tray_uuid'];
const SPOOL_PRESENT = 0x01;

/** @param present what the presence bits of the same report say; null when they say nothing */
function mergeTray(tray: JsonObject, news: JsonObject, full: boolean, present: boolean | null): void {
  const isBare = Object.keys(news).every((key) => key === 'id');
  if (isBare) {
    // In a full report this is how an empty slot looks; among changes it means nothing.
    if (full) clearTray(tray);
    return;
  }
  const state = readInteger(news.state);
  const stateSaysEmpty = state !== null && (state & SPOOL_PRESENT) === 0 && present !== true;
  if (news.tray_type === '' || stateSaysEmpty) {
    clearTray(tray);
    if (state !== null) tray.state = news.state;
    return;
  }
  const identities = SPOOL_IDENTITIES.map((key) => [key, tray[key]] as const);
  mergeObject(tray, news);
  if (full) return;
  // Firmware blanks the tag in changes while the spool is still there.
  for (const [key, value] of identities) {
    if (isBlankIdentity(tray[key]) && !isBlankIdentity(value)) tray[key] = value;
  }
}

/** Whether a tag or spool id is one: all zeros mean none. */
export function isBlankIdentity(value: unknown): boolean {
  return /^0*$/.test(readText(value));
}

function clearTray(tray: JsonObject): void {
  for (const key of Object.keys(tray)) {
    if (key !== 'id' && key !== 'state') delete tray[key];
  }
}

function emptyMissingSlots(ams: JsonObject, slotBits: bigint): void {
  for (const unit of readObjects(ams.ams)) {
    const unitId = readInteger(unit.id);
    if (unitId === null) continue;
    for (const tray of readObjects(unit.tray)) {
      const bit = slotBit(unitId, readInteger(tray.id) ?? -1);
      if (bit !== null && !hasBit(slotBits, bit)) clearTray(tray);
    }
  }
}

function dropMissingUnits(ams: JsonObject, unitBits: bigint, listed: ReadonlyMap<string, JsonObject>): void {
  ams.ams = readObjects(ams.ams).filter((unit) => {
    const bit = unitBit(readInteger(unit.id) ?? -1);
    return bit === null || hasBit(unitBits, bit) || listed.has(entryId(unit) ?? '');
  });
}
