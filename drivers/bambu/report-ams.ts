import type { AmsUnitState, DryingPhase } from '../driver.js';
import { isOneSlotUnit } from './ams-numbers.js';
import {
  hasBit,
  type JsonObject,
  readHexBits,
  readInteger,
  readIntegerWithin,
  readNumber,
  readObject,
  readObjects,
} from './coerce.js';
import type { BambuModel } from './models.js';

/** AMS units of a report (docs/protocol.md §5.6). */

export type AmsKind = AmsUnitState['kind'];

/** One unit with what its slots need to be read. */
export interface AmsUnitView {
  readonly state: AmsUnitState;
  readonly trays: readonly JsonObject[];
}

const KIND_BY_TYPE: Readonly<Record<number, AmsKind>> = {
  1: 'ams',
  2: 'ams-lite',
  3: 'ams-2-pro',
  4: 'ams-ht',
  5: 'ams-lite',
};

const MAX_UNITS = 16;

/** Units in the order of their ids. */
export function readAmsUnits(
  print: JsonObject,
  context: {
    readonly model: BambuModel | null;
    readonly kinds: ReadonlyMap<number, AmsKind>;
    readonly twoExtruders: boolean;
  },
): readonly AmsUnitView[] {
  const byId = new Map<number, JsonObject>();
  for (const unit of readObjects(readObject(print.ams)?.ams)) {
    const unitId = readIntegerWithin(unit.id, 0, 253);
    if (unitId !== null && byId.size < MAX_UNITS) byId.set(unitId, unit);
  }
  const sorted = [...byId].sort(([a], [b]) => a - b);
  return sorted.map(([unitId, unit], amsIndex) => {
    const info = readHexBits(unit.info);
    return {
      state: {
        unitId,
        amsIndex,
        kind: kindOf(unitId, info, context),
        extruder: context.twoExtruders ? extruderOf(info) : null,
        humidityLevel: readIntegerWithin(unit.humidity, 1, 5),
        humidityPercent: readIntegerWithin(unit.humidity_raw, 1, 100),
        temperature: readTemperature(unit.temp),
        ...readDrying(unit, info),
      },
      trays: readObjects(unit.tray),
    };
  });
}

/** What the unit says of itself, then what the firmware lists, then what the machine takes. */
function kindOf(
  unitId: number,
  info: bigint | null,
  context: { readonly model: BambuModel | null; readonly kinds: ReadonlyMap<number, AmsKind> },
): AmsKind {
  const said = info === null ? undefined : KIND_BY_TYPE[Number(info & 0xfn)];
  if (said !== undefined) return said;
  const listed = context.kinds.get(unitId);
  if (listed !== undefined) return listed;
  if (isOneSlotUnit(unitId)) return 'ams-ht';
  return context.model?.plainAms ?? 'unknown';
}

/** Bits 4-7 of a unit's `info`. */
const DRYING_PHASES: readonly DryingPhase[] = [
  'off',
  'checking',
  'drying',
  'cooling',
  'stopping',
  'fault',
  'runaway',
  'testing',
];

/** The settings of a drying stay behind when it is over. */
function readDrying(
  unit: JsonObject,
  info: bigint | null,
): Pick<AmsUnitState, 'dryMinutesLeft' | 'dryPhase' | 'dryTarget'> {
  const minutesLeft = Math.max(0, readInteger(unit.dry_time) ?? 0);
  const phase = info === null ? null : (DRYING_PHASES[Number((info >> 4n) & 0xfn)] ?? null);
  const settings = readObject(unit.dry_setting) ?? readObject(unit.dry_settings);
  const target = readIntegerWithin(settings?.dry_temperature, 1, 200);
  const isDrying = minutesLeft > 0 || phase === 'checking' || phase === 'drying';
  return { dryMinutesLeft: minutesLeft, dryPhase: phase, dryTarget: isDrying ? target : null };
}

const EXTRUDER_UNSET = 0xe;

function extruderOf(info: bigint | null): number | null {
  if (info === null) return null;
  const extruder = Number((info >> 8n) & 0xfn);
  return extruder >= EXTRUDER_UNSET ? null : extruder;
}

/** Units without a sensor, and units that are starting, report zero or nonsense. */
function readTemperature(value: unknown): number | null {
  const number = readNumber(value);
  return number !== null && number > 0 && number <= 100 ? number : null;
}

/** Bits over all slots: what is loaded and what is being read just now. */
export interface SlotBits {
  readonly loaded: bigint | null;
  readonly reading: bigint | null;
}

export function readSlotBits(print: JsonObject): SlotBits {
  const ams = readObject(print.ams);
  return {
    loaded: readHexBits(ams?.tray_exist_bits),
    reading: readHexBits(ams?.tray_reading_bits),
  };
}

export function bitOf(bits: bigint | null, bit: number | null): boolean | null {
  return bits === null || bit === null ? null : hasBit(bits, bit);
}
