/**
 * The several ways in which one AMS slot is numbered (docs/protocol.md §5.6). Units 0-3 have four slots, units
 * 128-135 have one, and unit 16 is the four-slot feeder of one model whose bits lie elsewhere.
 */

const FIRST_ONE_SLOT_UNIT = 128;
const LAST_ONE_SLOT_UNIT = 135;
const OUTLYING_UNIT = 16;

/** Tray number of the only, or of the first, external holder. */
export const EXTERNAL_TRAY = 254;
/** Tray number of the second external holder of a machine with two nozzles. */
export const SECOND_EXTERNAL_TRAY = 255;
/** Unit id of the only, or of extruder 0's, external holder. */
export const EXTERNAL_UNIT = 255;
/** Unit id of extruder 1's external holder. */
export const SECOND_EXTERNAL_UNIT = 254;

export function isOneSlotUnit(unitId: number): boolean {
  return unitId >= FIRST_ONE_SLOT_UNIT && unitId <= LAST_ONE_SLOT_UNIT;
}

export function isExternalUnit(unitId: number): boolean {
  return unitId === EXTERNAL_UNIT || unitId === SECOND_EXTERNAL_UNIT;
}

/** Bit of a unit in `ams_exist_bits`; null for a unit whose bit is not known. */
export function unitBit(unitId: number): number | null {
  if (unitId >= 0 && unitId <= 3) return unitId;
  if (isOneSlotUnit(unitId)) return 4 + unitId - FIRST_ONE_SLOT_UNIT;
  return unitId === OUTLYING_UNIT ? 12 : null;
}

/** Bit of a slot in `tray_exist_bits` and its relatives; null for a slot whose bit is not known. */
export function slotBit(unitId: number, slotIndex: number): number | null {
  if (slotIndex < 0 || slotIndex > 3) return null;
  if (unitId >= 0 && unitId <= 3) return unitId * 4 + slotIndex;
  if (isOneSlotUnit(unitId)) return slotIndex === 0 ? 16 + unitId - FIRST_ONE_SLOT_UNIT : null;
  return unitId === OUTLYING_UNIT ? 24 + slotIndex : null;
}

/** Global tray number. External holders count by which of them it is, not by their unit id. */
export function trayNumber(unitId: number, slotIndex: number): number {
  if (unitId === EXTERNAL_UNIT) return EXTERNAL_TRAY;
  if (unitId === SECOND_EXTERNAL_UNIT) return SECOND_EXTERNAL_TRAY;
  return isOneSlotUnit(unitId) ? unitId : unitId * 4 + slotIndex;
}

/** The number a print command's flat mapping uses: as `trayNumber`, but unit 16 counts from 0. */
export function mappingNumber(unitId: number, slotIndex: number): number {
  return unitId === OUTLYING_UNIT ? slotIndex : trayNumber(unitId, slotIndex);
}
