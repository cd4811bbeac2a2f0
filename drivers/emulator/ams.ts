/** The spools of a printer: AMS units with their slots, and external holders (docs/protocol.md §5.6). */
import type { EmulatedAmsUnit, EmulatedSpool } from './api.js';
import type { AmsKind, Profile } from './profiles.js';

export interface Spool {
  type: string;
  /** RRGGBBAA, upper case. */
  color: string;
  infoIdx: string;
  tagUid: string;
  trayUuid: string;
  /** Percent with fraction, -1 unknown. */
  remain: number;
  nozzleTempMin: number;
  nozzleTempMax: number;
}

export interface AmsUnit {
  readonly id: number;
  readonly kind: AmsKind;
  readonly extruder: number;
  readonly slots: (Spool | null)[];
}

export const NO_TAG = '0000000000000000';
export const NO_UUID = '00000000000000000000000000000000';
/** Grams on a full spool, for the estimate of what is left. */
const SPOOL_GRAMS = 1000;

/** Generic preset and nozzle range by type (docs/protocol.md §6.4). */
const GENERIC: Readonly<Record<string, readonly [infoIdx: string, min: number, max: number]>> = {
  PLA: ['GFL99', 190, 240],
  'PLA-CF': ['GFL98', 190, 240],
  PETG: ['GFG99', 220, 270],
  'PETG-CF': ['GFG98', 240, 270],
  ABS: ['GFB99', 240, 280],
  ASA: ['GFB98', 240, 280],
  PC: ['GFC99', 260, 290],
  TPU: ['GFU99', 200, 250],
  PA: ['GFN99', 240, 280],
  'PA-CF': ['GFN98', 260, 300],
  PVA: ['GFS99', 190, 240],
};

export const DEFAULT_SLOTS: readonly EmulatedSpool[] = [
  { type: 'PLA', color: 'FFFFFFFF' },
  { type: 'PLA', color: '000000FF' },
  { type: 'PETG', color: 'FF0000FF' },
  { type: 'PLA', color: '00AE42FF' },
];

export class AmsBay {
  readonly units: AmsUnit[];
  /** Spool by external holder id; every holder of the model has an entry. */
  readonly external: Map<number, Spool | null>;

  constructor(
    private readonly profile: Profile,
    units: readonly EmulatedAmsUnit[] | undefined,
    external: EmulatedSpool | null,
  ) {
    const fitted = units ?? [{ id: profile.amsFirstUnit, slots: DEFAULT_SLOTS }];
    this.units = fitted.map((unit) => ({
      id: unit.id,
      kind: unit.id >= 128 ? 'ams-ht' : profile.amsKind,
      extruder: unit.extruder ?? 0,
      slots: Array.from({ length: unit.id >= 128 ? 1 : 4 }, (_, i) => toSpool(unit.slots[i] ?? null)),
    }));
    this.external = new Map(profile.externalIds.map((id) => [id, null]));
    this.external.set(profile.externalIds[0] ?? 255, toSpool(external));
  }

  /** Puts a spool in, or takes it out. Unit 255 or 254 is an external holder. @throws Error for a place that is not there. */
  setSpool(unitId: number, slotIndex: number, spool: EmulatedSpool | null): void {
    if (unitId === 254 || unitId === 255) {
      this.external.set(this.externalId(unitId), toSpool(spool));
      return;
    }
    const unit = this.units.find((u) => u.id === unitId);
    if (unit === undefined || slotIndex < 0 || slotIndex >= unit.slots.length) {
      const fitted = this.units.map((u) => `unit ${u.id} with ${u.slots.length} slots`).join(', ');
      throw new Error(`no AMS slot ${unitId}/${slotIndex}; fitted: ${fitted || 'none'}`);
    }
    unit.slots[slotIndex] = toSpool(spool);
  }

  /** The holder a client means by 254 or 255: machines with one holder know it by one id only. */
  externalId(id: number): number {
    return this.external.has(id) ? id : (this.profile.externalIds[0] ?? 255);
  }

  /** Unit and slot behind a flat number of `ams_mapping`, null when nothing is fitted there. */
  locate(tray: number): { unit: AmsUnit; slot: number } | null {
    const offset = this.profile.amsFirstUnit * 4;
    for (const unit of this.units) {
      const slot = unit.id >= 128 ? (tray === unit.id ? 0 : -1) : tray - (unit.id * 4 - offset);
      if (slot >= 0 && slot < unit.slots.length) return { unit, slot };
    }
    return null;
  }

  /** Lowers what is left by the grams a print took. */
  consume(spool: Spool, grams: number): void {
    if (spool.remain < 0) return;
    spool.remain = Math.max(0, spool.remain - (grams / SPOOL_GRAMS) * 100);
  }
}

export function toSpool(spool: EmulatedSpool | null): Spool | null {
  if (spool === null) return null;
  const [infoIdx, min, max] = GENERIC[spool.type] ?? ['GFL99', 190, 240];
  return {
    type: spool.type,
    color: spool.color.replace('#', '').toUpperCase().padEnd(8, 'F'),
    infoIdx: spool.infoIdx ?? infoIdx,
    tagUid: spool.tagUid ?? NO_TAG,
    trayUuid: spool.trayUuid ?? NO_UUID,
    remain: spool.remain ?? 100,
    nozzleTempMin: min,
    nozzleTempMax: max,
  };
}

/** Bit of a unit in `ams_exist_bits`. */
export function unitBit(unitId: number): number {
  if (unitId >= 128) return 4 + (unitId - 128);
  return unitId === 16 ? 12 : unitId;
}

/** Bit of a slot in `tray_exist_bits`. */
export function trayBit(unitId: number, slot: number): number {
  if (unitId >= 128) return 16 + (unitId - 128);
  return unitId === 16 ? 24 + slot : unitId * 4 + slot;
}

/** Tray number of a slot as `tray_now` names it. */
export function trayNumber(unitId: number, slot: number): number {
  if (unitId >= 128) return unitId;
  return unitId === 16 ? slot : unitId * 4 + slot;
}
