import type { NozzleState, PrinterState } from '../driver.js';
import {
  type JsonObject,
  readCelsius,
  readInteger,
  readIntegerWithin,
  readNumber,
  readObject,
  readObjects,
  readPath,
  readText,
  readUint32,
} from './coerce.js';
import { readExtruders } from './extruders.js';
import type { BambuModel } from './models.js';

/** Temperatures, nozzles and fans (docs/protocol.md §5.5). */

/** A current value in the low half of a number and its target in the high half, whole degrees Celsius. */
export function unpackTemperature(value: unknown): { current: number | null; target: number | null } | null {
  const packed = readUint32(value);
  if (packed === null) return null;
  return { current: readCelsius(packed & 0xffff), target: readCelsius(packed >>> 16) };
}

export function readBed(print: JsonObject): Pick<PrinterState, 'bedTemp' | 'bedTarget'> {
  const packed = unpackTemperature(
    readPath(print, 'device', 'bed', 'info', 'temp') ?? readPath(print, 'device', 'bed_temp'),
  );
  return {
    bedTemp: readCelsius(print.bed_temper) ?? packed?.current ?? null,
    bedTarget: readCelsius(print.bed_target_temper) ?? packed?.target ?? null,
  };
}

export function readNozzles(print: JsonObject): Pick<PrinterState, 'nozzles' | 'activeNozzle'> {
  const { extruders, active } = readExtruders(print);
  const fitted = readFittedNozzles(print);
  if (extruders.length < 2) {
    const only = extruders[0];
    const packed = unpackTemperature(only?.temp);
    const nozzle = fitted.get(only?.nozzleId ?? 0);
    return {
      nozzles: [
        {
          index: 0,
          diameter: readDiameter(print.nozzle_diameter) ?? nozzle?.diameter ?? null,
          type: readText(print.nozzle_type) || nozzle?.type || null,
          temp: readCelsius(print.nozzle_temper) ?? packed?.current ?? null,
          target: readCelsius(print.nozzle_target_temper) ?? packed?.target ?? null,
          hasFilament: only?.hasFilament ?? null,
        },
      ],
      activeNozzle: 0,
    };
  }
  // With two nozzles the plain fields follow whichever is in use.
  const nozzles: NozzleState[] = extruders.map((extruder) => {
    const packed = unpackTemperature(extruder.temp);
    const nozzle = fitted.get(extruder.nozzleId ?? extruder.id) ?? fitted.get(extruder.id);
    return {
      index: extruder.id,
      diameter: nozzle?.diameter ?? null,
      type: nozzle?.type ?? null,
      temp: packed?.current ?? null,
      target: packed?.target ?? null,
      hasFilament: extruder.hasFilament,
    };
  });
  return { nozzles, activeNozzle: active };
}

interface FittedNozzle {
  readonly diameter: string | null;
  readonly type: string | null;
}

function readFittedNozzles(print: JsonObject): ReadonlyMap<number, FittedNozzle> {
  const nozzles = new Map<number, FittedNozzle>();
  for (const entry of readObjects(readPath(print, 'device', 'nozzle', 'info'))) {
    const id = readInteger(entry.id);
    if (id === null) continue;
    nozzles.set(id, { diameter: readDiameter(entry.diameter), type: readText(entry.type) || null });
  }
  return nozzles;
}

/** `0.4` from text as well as from a single precision number such as 0.4000000059604645. */
function readDiameter(value: unknown): string | null {
  const diameter = readNumber(value);
  if (diameter === null || diameter <= 0 || diameter > 5) return null;
  return String(Number(diameter.toFixed(2)));
}

export function readChamber(
  print: JsonObject,
  model: BambuModel | null,
): Pick<PrinterState, 'chamberTemp' | 'chamberTarget'> {
  const control = readObject(readPath(print, 'device', 'ctc', 'info'));
  const packed = unpackTemperature(control?.temp);
  if (model === null) {
    // Only machines with a sensor send this one; the older fields hold a constant elsewhere.
    return { chamberTemp: packed?.current ?? null, chamberTarget: null };
  }
  if (!model.hasChamberTemp) return { chamberTemp: null, chamberTarget: null };
  const heats = model.chamberTempMaxC !== null;
  return {
    chamberTemp:
      packed?.current ?? readCelsius(readPath(print, 'info', 'temp')) ?? readCelsius(print.chamber_temper),
    chamberTarget: heats ? (readCelsius(control?.target) ?? packed?.target ?? null) : null,
  };
}

const PART_FAN = 1;
const AUX_FAN = 2;
const CHAMBER_FAN = 3;
const INTERNAL_FAN = 6;
const SECOND_AUX_FAN = 10;

/** Percent by fan; new machines list air duct parts, old ones send steps of a fifteenth. */
export function readFans(print: JsonObject, model: BambuModel | null): PrinterState['fans'] {
  const parts = new Map<number, number>();
  for (const part of readObjects(readPath(print, 'device', 'airduct', 'parts'))) {
    const id = readUint32(part.id);
    const state = readUint32(part.state);
    if (id !== null && state !== null) parts.set((id >>> 4) & 0xff, Math.min(state & 0xff, 100));
  }
  const speed = (part: number, field: string): number | null =>
    parts.get(part) ?? readFifteenths(print[field]);
  return {
    part: speed(PART_FAN, 'cooling_fan_speed'),
    aux: model?.fans.aux === false ? null : speed(AUX_FAN, 'big_fan1_speed'),
    chamber: model?.fans.chamber === false ? null : speed(CHAMBER_FAN, 'big_fan2_speed'),
    secondAux: parts.get(SECOND_AUX_FAN) ?? null,
    internal: parts.get(INTERNAL_FAN) ?? null,
    heatbreak: readFifteenths(print.heatbreak_fan_speed),
  };
}

const AIR_MODES = ['cooling', 'heating', 'laser'] as const;

export function readAirMode(print: JsonObject): PrinterState['airMode'] {
  const mode = readInteger(readPath(print, 'device', 'airduct', 'modeCur'));
  return mode === null ? null : (AIR_MODES[mode] ?? null);
}

function readFifteenths(value: unknown): number | null {
  const step = readIntegerWithin(value, 0, 15);
  return step === null ? null : Math.round((step / 15) * 100);
}
