import { slotBit, unitBit } from './ams-numbers.js';
import { hasBit, type JsonObject, readHexBits, readInteger, readObjects, readText } from './coerce.js';
import { entryId, indexById, keptList, type ListRules, mergedEntries, mergedObject } from './merge.js';

/** Units and slots have rules of their own. */
const AMS_RULES: ListRules = { ams: 'skip' };
const UNIT_RULES: ListRules = { tray: 'skip' };

/**
 * The `ams` part of the state after that of a report (docs/protocol.md §5.1): units and slots merge by id, a unit
 * leaves only when its bit is cleared, and `tray_exist_bits` decides what is empty. What does not change stays the
 * same object, up to the whole.
 */
export function mergedAms(known: JsonObject, news: JsonObject, full: boolean): JsonObject {
  const rest = mergedObject(known, news, AMS_RULES);
  const slotBits = 'tray_exist_bits' in news ? readHexBits(news.tray_exist_bits) : null;
  const unitBits = 'ams_exist_bits' in news ? readHexBits(news.ams_exist_bits) : null;
  let units: unknown = known.ams;
  if (Array.isArray(news.ams)) {
    units = mergedEntries(units, news.ams, (unit, incoming, id) =>
      mergedUnit(unit, incoming, { unitId: readInteger(id) ?? -1, full, slotBits }),
    );
  }
  if (slotBits !== null) units = withoutMissingSpools(units, slotBits);
  if (unitBits !== null) units = withoutMissingUnits(units, unitBits, news.ams);
  return units === rest.ams ? rest : { ...rest, ams: units };
}

interface UnitContext {
  readonly unitId: number;
  readonly full: boolean;
  readonly slotBits: bigint | null;
}

function mergedUnit(unit: JsonObject, news: JsonObject, context: UnitContext): JsonObject {
  const rest = mergedObject(unit, news, UNIT_RULES);
  if (!Array.isArray(news.tray)) return rest;
  const trays = mergedEntries(rest.tray, news.tray, (tray, incoming, id) =>
    mergedTray(tray, incoming, readInteger(id) ?? -1, context),
  );
  return trays === rest.tray ? rest : { ...rest, tray: trays };
}

const SPOOL_IDENTITIES = ['tag_uid', 'tray_uuid'];
const SPOOL_PRESENT = 0x01;

function mergedTray(tray: JsonObject, news: JsonObject, slotIndex: number, context: UnitContext): JsonObject {
  const isBare = Object.keys(news).every((key) => key === 'id');
  // In a full report this is how an empty slot looks; among changes it means nothing.
  if (isBare) return context.full ? emptied(tray) : tray;
  const state = readInteger(news.state);
  const stateSaysEmpty = state !== null && (state & SPOOL_PRESENT) === 0 && !isPresent(slotIndex, context);
  if (news.tray_type === '' || stateSaysEmpty) {
    return state === null ? emptied(tray) : mergedObject(emptied(tray), { state: news.state });
  }
  return mergedObject(tray, context.full ? news : withoutBlanks(tray, news));
}

/** Whether the presence bits of the same report say that there is a spool. */
function isPresent(slotIndex: number, { unitId, slotBits }: UnitContext): boolean {
  const bit = slotBit(unitId, slotIndex);
  return slotBits !== null && bit !== null && hasBit(slotBits, bit);
}

/** Firmware blanks the tag in changes while the spool is still there. */
function withoutBlanks(tray: JsonObject, news: JsonObject): JsonObject {
  let result = news;
  for (const key of SPOOL_IDENTITIES) {
    if (!(key in news) || !isBlankIdentity(news[key]) || isBlankIdentity(tray[key])) continue;
    const { [key]: _blank, ...rest } = result;
    result = rest;
  }
  return result;
}

/** Whether a tag or spool id is one: all zeros mean none. */
export function isBlankIdentity(value: unknown): boolean {
  return /^0*$/.test(readText(value));
}

function emptied(tray: JsonObject): JsonObject {
  const entries = Object.entries(tray);
  const left = entries.filter(([key]) => key === 'id' || key === 'state');
  return left.length === entries.length ? tray : Object.fromEntries(left);
}

function withoutMissingSpools(units: unknown, slotBits: bigint): unknown {
  if (!Array.isArray(units)) return units;
  return keptList(
    units,
    readObjects(units).map((unit) => {
      const unitId = readInteger(unit.id);
      if (unitId === null || !Array.isArray(unit.tray)) return unit;
      const trays = readObjects(unit.tray).map((tray) => {
        const bit = slotBit(unitId, readInteger(tray.id) ?? -1);
        return bit === null || hasBit(slotBits, bit) ? tray : emptied(tray);
      });
      const kept = keptList(unit.tray, trays);
      return kept === unit.tray ? unit : { ...unit, tray: kept };
    }),
  );
}

function withoutMissingUnits(units: unknown, unitBits: bigint, listed: unknown): unknown {
  const ids = indexById(listed);
  const left = readObjects(units).filter((unit) => {
    const bit = unitBit(readInteger(unit.id) ?? -1);
    return bit === null || hasBit(unitBits, bit) || ids.has(entryId(unit) ?? '');
  });
  return keptList(units, left);
}
