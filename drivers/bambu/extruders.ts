import {
  EXTERNAL_TRAY,
  EXTERNAL_UNIT,
  SECOND_EXTERNAL_TRAY,
  SECOND_EXTERNAL_UNIT,
  trayNumber,
} from './ams-numbers.js';
import { type JsonObject, readInteger, readObject, readObjects, readUint32 } from './coerce.js';

/** The `device.extruder` part of a report (docs/protocol.md §5.7). */

export interface Extruder {
  readonly id: number;
  /** Still packed. */
  readonly temp: unknown;
  /** Nozzle in use by this extruder; null when not said. */
  readonly nozzleId: number | null;
  /** Slot that feeds it, packed as unit and slot; null when not said. */
  readonly slotNow: number | null;
  /** Whether filament is in it; null when not said. */
  readonly hasFilament: boolean | null;
}

const FILAMENT_BIT = 0b10;
const SWITCHING = 0xf;
/** More extruders than any machine has. */
const MAX_EXTRUDERS = 8;

export function readExtruders(print: JsonObject): { extruders: readonly Extruder[]; active: number } {
  const part = readObject(readObject(print.device)?.extruder);
  const byId = new Map<number, Extruder>();
  for (const entry of readObjects(part?.info).slice(0, MAX_EXTRUDERS)) {
    const id = readInteger(entry.id);
    // Numbers beyond what the state's four bits can name are noise.
    if (id === null || id < 0 || id >= MAX_EXTRUDERS) continue;
    const flags = readUint32(entry.info);
    byId.set(id, {
      id,
      temp: entry.temp,
      nozzleId: readInteger(entry.hnow),
      slotNow: readUint32(entry.snow),
      hasFilament: flags === null ? null : (flags & FILAMENT_BIT) !== 0,
    });
  }
  const extruders = [...byId.values()].sort((a, b) => a.id - b.id);
  return { extruders, active: readActive(part?.state, extruders) };
}

/** Bits 4-7 name the extruder in use, bits 8-11 the one it is changing to. */
function readActive(state: unknown, extruders: readonly Extruder[]): number {
  const bits = readUint32(state) ?? 0;
  const current = (bits >>> 4) & 0xf;
  const active = current === SWITCHING ? (bits >>> 8) & 0xf : current;
  return extruders.some((extruder) => extruder.id === active) ? active : 0;
}

const NO_SLOT = 0xff;

/** Global tray of a slot packed as `unit << 8 | slot`; null when none is meant. */
export function unpackTray(packed: number): number | null {
  const unitId = (packed >>> 8) & 0xff;
  const slotIndex = packed & 0xff;
  if (slotIndex === NO_SLOT) return null;
  if (unitId === EXTERNAL_UNIT) return EXTERNAL_TRAY;
  if (unitId === SECOND_EXTERNAL_UNIT) return SECOND_EXTERNAL_TRAY;
  return trayNumber(unitId, slotIndex);
}
