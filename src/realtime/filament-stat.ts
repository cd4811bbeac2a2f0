import type { PrinterState } from '../fleet/live-printer.js';
import { filamentTypeName } from './filament-type.js';
import type { FilamentInfo, PrinterStatData } from './stat-types.js';

type Slot = PrinterState['slots'][number];
type FilamentStat = NonNullable<PrinterStatData['filament']>;

/** What stands for "no colour known": the contract wants a colour in any case. */
const NO_COLOR = '#00000000';

/** By the list it was made of: drivers give the same list again while it says the same. */
const made = new WeakMap<PrinterState['slots'], { readonly units: object; readonly stat: FilamentStat }>();

/** AMS units in their order, and the external spool (docs/protocol.md §5.6). */
export function filamentStat(state: PrinterState): FilamentStat {
  const known = made.get(state.slots);
  if (known?.units === state.amsUnits) return known.stat;
  const stat = readFilament(state);
  made.set(state.slots, { units: state.amsUnits, stat });
  return stat;
}

function readFilament(state: PrinterState): FilamentStat {
  const slots = state.slots
    .filter((slot) => slot.amsIndex >= 0)
    .sort((a, b) => a.amsIndex - b.amsIndex || a.slotIndex - b.slotIndex);
  const units = new Map<number, { slots: ({ id: string } | FilamentInfo)[] }>(
    state.amsUnits.toSorted((a, b) => a.amsIndex - b.amsIndex).map((unit) => [unit.amsIndex, { slots: [] }]),
  );
  for (const slot of slots) {
    const stat = slot.loaded ? filamentInfo(slot) : { id: String(slot.slotIndex) };
    const unit = units.get(slot.amsIndex);
    if (unit === undefined) units.set(slot.amsIndex, { slots: [stat] });
    else unit.slots.push(stat);
  }
  const spool = externalSpool(state);
  return {
    ams: {
      status: {
        slotsLoaded: bits(slots, (slot) => slot.loaded),
        slotsReading: bits(slots, (slot) => slot.reading),
      },
      ams: [...units.values()],
    },
    ...(spool === null ? {} : { spool: filamentInfo(spool) }),
  };
}

/** The contract has room for one: the first that holds something, else the first. */
function externalSpool(state: PrinterState): Slot | null {
  const holders = state.slots.filter((slot) => slot.amsIndex < 0).sort((a, b) => a.slotIndex - b.slotIndex);
  return holders.find((slot) => slot.loaded) ?? holders[0] ?? null;
}

function filamentInfo(slot: Slot): FilamentInfo {
  return {
    id: String(slot.slotIndex),
    color: colorText(slot.color),
    info: slot.infoIdx,
    ...(slot.tagUid === null ? {} : { tagId: slot.tagUid }),
    type: filamentTypeName(slot.type),
    remaining: slot.remain,
    ...(slot.trayUuid === null ? {} : { v: slot.trayUuid }),
  };
}

function colorText(color: string): string {
  const hex = color.replace(/^#/, '').toUpperCase();
  if (/^[0-9A-F]{8}$/.test(hex)) return `#${hex}`;
  return /^[0-9A-F]{6}$/.test(hex) ? `#${hex}FF` : NO_COLOR;
}

function bits(slots: readonly Slot[], holds: (slot: Slot) => boolean): string {
  return slots.map((slot) => (holds(slot) ? '1' : '0')).join('');
}
