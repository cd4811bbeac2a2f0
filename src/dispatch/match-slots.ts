import { expectedOf } from '../domain/slots.js';
import type { PrinterState } from '../fleet/live-printer.js';
import type { MatchSlot } from '../matching/input.js';
import type { Library, ModelAndNozzle } from './library.js';
import type { SlotRow } from './match-input.js';

type SlotState = PrinterState['slots'][number];

/** The places of a printer: as it reports them, or while it has not reported as they were last seen. */
export function matchSlots(
  rows: readonly SlotRow[],
  state: PrinterState | null,
  library: Library,
  of: ModelAndNozzle,
): readonly MatchSlot[] {
  if (!state) return rows.map((row) => lastSeen(row, library, of));
  const byPlace = new Map(rows.map((row) => [placeOf(row.slot), row]));
  return state.slots.map((slot) => reportedSlot(slot, byPlace.get(placeOf(slot)) ?? null, library, of));
}

function reportedSlot(slot: SlotState, row: SlotRow | null, library: Library, of: ModelAndNozzle): MatchSlot {
  // What was said of a spool that is not there any more must not be taken for what is there now.
  const valid = row !== null && saysTheSame(row, slot) ? row : null;
  const { amsIndex, slotIndex, tray, unitId, extruder, loaded, type, color, infoIdx } = slot;
  return {
    amsIndex,
    slotIndex,
    tray,
    unitId,
    extruder,
    external: amsIndex < 0,
    loaded,
    type,
    color,
    infoIdx,
    remainingGrams: valid?.spoolGrams ?? gramsLeft(slot),
    assigned: valid && library.assigned(valid.slot),
    profile: valid && library.profile(valid.slot, of),
  };
}

function saysTheSame({ slot: row }: SlotRow, slot: SlotState): boolean {
  const expected = expectedOf({ ...slot, identifier: slot.infoIdx });
  const known = row.expectedData;
  if (expected === null || known === null) return expected === known;
  return (
    expected.type === known.type && expected.color === known.color && expected.identifier === known.identifier
  );
}

/** What the AMS estimates, where it knows what the spool held when new. */
function gramsLeft({ remain, spoolGrams }: SlotState): number | null {
  return remain < 0 || spoolGrams === null ? null : (remain / 100) * spoolGrams;
}

function lastSeen(row: SlotRow, library: Library, of: ModelAndNozzle): MatchSlot {
  const { amsIndex, slotIndex, slot: tray, expectedData } = row.slot;
  return {
    amsIndex,
    slotIndex,
    tray,
    unitId: amsIndex,
    extruder: null,
    external: amsIndex < 0,
    loaded: expectedData !== null,
    type: expectedData?.type ?? '',
    color: expectedData?.color ?? '',
    infoIdx: expectedData?.identifier ?? '',
    remainingGrams: row.spoolGrams,
    assigned: library.assigned(row.slot),
    profile: library.profile(row.slot, of),
  };
}

function placeOf({ amsIndex, slotIndex }: { readonly amsIndex: number; readonly slotIndex: number }): string {
  return `${amsIndex}/${slotIndex}`;
}
