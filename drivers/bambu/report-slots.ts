import type { SlotState } from '../driver.js';
import {
  EXTERNAL_TRAY,
  EXTERNAL_UNIT,
  isOneSlotUnit,
  SECOND_EXTERNAL_UNIT,
  slotBit,
  trayNumber,
} from './ams-numbers.js';
import {
  type JsonObject,
  readInteger,
  readIntegerWithin,
  readObject,
  readObjects,
  readText,
  readUint32,
} from './coerce.js';
import { readExtruders, unpackTray } from './extruders.js';
import { isBlankIdentity } from './merge-ams.js';
import type { BambuModel } from './models.js';
import { type AmsUnitView, bitOf, readSlotBits } from './report-ams.js';

/** Places that can hold a spool (docs/protocol.md §5.6): the slots of every unit, then the external holders. */

export function readSlots(
  print: JsonObject,
  units: readonly AmsUnitView[],
  twoExtruders: boolean,
): readonly SlotState[] {
  const bits = readSlotBits(print);
  const slots: SlotState[] = [];
  for (const { state: unit, trays } of units) {
    const byIndex = new Map<number, JsonObject>();
    for (const tray of trays) {
      const index = readIntegerWithin(tray.id, 0, 3);
      if (index !== null) byIndex.set(index, tray);
    }
    for (const [slotIndex, tray] of [...byIndex].sort(([a], [b]) => a - b)) {
      const bit = slotBit(unit.unitId, slotIndex);
      const loaded = bitOf(bits.loaded, bit) ?? isLoadedByItself(tray);
      slots.push({
        unitId: unit.unitId,
        amsIndex: unit.amsIndex,
        slotIndex,
        tray: trayNumber(unit.unitId, slotIndex),
        extruder: unit.extruder,
        loaded,
        reading: bitOf(bits.reading, bit) ?? false,
        identified: loaded ? isIdentified(tray) : null,
        ...(loaded ? readSpool(tray) : NO_SPOOL),
      });
    }
  }
  return [...slots, ...readExternalSlots(print, twoExtruders)];
}

/** Flags of a slot's `state`; from 4 on, for smaller values are of older firmware and mean less. */
const SPOOL_PRESENT = 0x01;
const SPOOL_KNOWN = 0x02;
const FIRST_WITH_FLAGS = 0x04;

function isIdentified(tray: JsonObject): boolean | null {
  const state = readInteger(tray.state);
  return state === null || state < FIRST_WITH_FLAGS ? null : (state & SPOOL_KNOWN) !== 0;
}

/** Only where the presence bits say nothing. */
function isLoadedByItself(tray: JsonObject): boolean {
  const state = readInteger(tray.state);
  return state === null ? readText(tray.tray_type) !== '' : (state & SPOOL_PRESENT) !== 0;
}

/** External holders have no sensor: they count as loaded while a filament is set for them. */
function readExternalSlots(print: JsonObject, twoExtruders: boolean): readonly SlotState[] {
  const listed = readObjects(print.vir_slot);
  const single = readObject(print.vt_tray);
  const trays = listed.length > 0 ? listed : single === null ? [] : [single];
  if (!twoExtruders) {
    const tray = trays[0];
    return tray === undefined ? [] : [externalSlot(tray, EXTERNAL_UNIT, null)];
  }
  const slots: SlotState[] = [];
  for (const [extruder, unitId] of [EXTERNAL_UNIT, SECOND_EXTERNAL_UNIT].entries()) {
    const tray = trays.find((candidate) => readInteger(candidate.id) === unitId);
    if (tray !== undefined) slots.push(externalSlot(tray, unitId, extruder));
  }
  return slots;
}

function externalSlot(tray: JsonObject, unitId: number, extruder: number | null): SlotState {
  const loaded = readText(tray.tray_type) !== '';
  return {
    unitId,
    amsIndex: -1,
    slotIndex: unitId === EXTERNAL_UNIT ? 0 : 1,
    tray: trayNumber(unitId, 0),
    extruder,
    loaded,
    reading: false,
    identified: null,
    ...(loaded ? readSpool(tray) : NO_SPOOL),
  };
}

type Spool = Omit<
  SlotState,
  'unitId' | 'amsIndex' | 'slotIndex' | 'tray' | 'extruder' | 'loaded' | 'reading' | 'identified'
>;

const NO_SPOOL: Spool = {
  type: '',
  color: '',
  colors: [],
  infoIdx: '',
  brand: '',
  tagUid: null,
  trayUuid: null,
  remain: -1,
  spoolGrams: null,
  nozzleTempMin: null,
  nozzleTempMax: null,
};

const MAX_COLORS = 16;

function readSpool(tray: JsonObject): Spool {
  const color = readColor(tray.tray_color);
  const listed = Array.isArray(tray.cols) ? tray.cols.slice(0, MAX_COLORS).map(readColor) : [];
  const colors = listed.filter((candidate) => candidate !== '');
  return {
    type: readText(tray.tray_type),
    color,
    colors: colors.length > 0 ? colors : color === '' ? [] : [color],
    infoIdx: readText(tray.tray_info_idx),
    brand: readText(tray.tray_sub_brands),
    tagUid: readIdentity(tray.tag_uid),
    trayUuid: readIdentity(tray.tray_uuid),
    remain: readIntegerWithin(tray.remain, 0, 100) ?? -1,
    spoolGrams: readIntegerWithin(tray.tray_weight, 1, 20_000),
    nozzleTempMin: readIntegerWithin(tray.nozzle_temp_min, 1, 500),
    nozzleTempMax: readIntegerWithin(tray.nozzle_temp_max, 1, 500),
  };
}

function readIdentity(value: unknown): string | null {
  return isBlankIdentity(value) ? null : readText(value);
}

/** `RRGGBBAA` in upper case; six digits are opaque. */
function readColor(value: unknown): string {
  const color = readText(value).replace(/^#/, '').toUpperCase();
  if (/^[0-9A-F]{8}$/.test(color)) return color;
  return /^[0-9A-F]{6}$/.test(color) ? `${color}FF` : '';
}

const NO_TRAY = 255;
const UNUSED_FEED = 0xffff;

/**
 * The tray in use. What the extruder says comes first, because `tray_now` is only a place within the unit on
 * machines with two nozzles and on some with several units.
 */
export function readActiveTray(
  print: JsonObject,
  units: readonly AmsUnitView[],
  model: BambuModel | null,
): number | null {
  const { extruders, active } = readExtruders(print);
  const packed = extruders.find((extruder) => extruder.id === active)?.slotNow ?? null;
  if (packed !== null) return unpackTray(packed);
  const now = readInteger(readObject(print.ams)?.tray_now);
  if (now === null || now === NO_TRAY || now < 0) return null;
  if (now === EXTERNAL_TRAY || now > 3 || model?.countsTraysWithinUnit !== true) return now;
  return trayWithinUnit(print, units, now);
}

/** The unit such a number belongs to: the only one with several slots, else the one that the print draws on there. */
function trayWithinUnit(print: JsonObject, units: readonly AmsUnitView[], slotIndex: number): number {
  const wide = units.filter(({ state }) => !isOneSlotUnit(state.unitId));
  const only = wide.length === 1 ? wide[0]?.state.unitId : undefined;
  if (only !== undefined) return trayNumber(only, slotIndex);
  const feeds = Array.isArray(print.mapping) ? print.mapping.slice(0, 64).map(readUint32) : [];
  const trays = new Set<number>();
  for (const feed of feeds) {
    if (feed === null || feed === UNUSED_FEED || (feed & 0xff) !== slotIndex) continue;
    const tray = unpackTray(feed);
    if (tray !== null && tray !== EXTERNAL_TRAY) trays.add(tray);
  }
  const [tray] = trays;
  return trays.size === 1 && tray !== undefined ? tray : slotIndex;
}
