/** The `ams`, `vt_tray` and `vir_slot` blocks of a report (docs/protocol.md §5.6). */
import { type AmsUnit, NO_TAG, NO_UUID, type Spool, trayBit, trayNumber, unitBit } from './ams.js';
import { FAULTS } from './faults.js';
import type { JsonObject } from './json.js';
import type { Machine } from './machine.js';

const UNIT_TYPE = { ams: 1, 'ams-lite': 2, 'ams-2-pro': 3, 'ams-ht': 4 } as const;

export function amsBlock(machine: Machine): JsonObject {
  const fitted = machine.faults.has(FAULTS.amsDisconnect) ? [] : machine.ams.units;
  const trays = fitted.flatMap((unit) =>
    unit.slots.map((spool, slot) => ({ bit: trayBit(unit.id, slot), spool })),
  );
  const exist = bits(trays.filter((t) => t.spool !== null).map((t) => t.bit));
  const tagged = bits(trays.filter((t) => t.spool !== null && t.spool.tagUid !== NO_TAG).map((t) => t.bit));
  const now = trayNow(machine);
  return {
    ams: fitted.map((unit) => unitBlock(machine, unit)),
    ams_exist_bits: bits(fitted.map((unit) => unitBit(unit.id))),
    tray_exist_bits: exist,
    tray_is_bbl_bits: machine.profile.layout === 'p1' ? exist : tagged,
    tray_tar: now,
    tray_now: now,
    tray_pre: now,
    tray_read_done_bits: exist,
    tray_reading_bits:
      machine.reading === null ? '0' : bits([trayBit(machine.reading.unitId, machine.reading.slot)]),
    version: 89,
    insert_flag: true,
    // A setting (read spools at power-up), false on most machines although they are powered.
    power_on_flag: false,
  };
}

/** `vt_tray` and `vir_slot`, in the form of the model. */
export function externalBlocks(machine: Machine): JsonObject {
  const { layout, externalIds } = machine.profile;
  const tray = (id: number): JsonObject =>
    layout === 'p1'
      ? { ...legacyTray(machine.ams.external.get(id) ?? null, String(id)) }
      : { ...modernTray(machine.ams.external.get(id) ?? null, String(id)) };
  const first = externalIds[0] ?? 255;
  if (layout === 'p1') return { vt_tray: tray(first) };
  // Dual machines list the left holder first.
  const slots = [...externalIds].sort((a, b) => a - b).map(tray);
  return { vt_tray: tray(first), vir_slot: slots };
}

/** Tray in use as the single-number field says it: machines with two nozzles name the slot inside the unit. */
export function trayNow(machine: Machine): string {
  const feed = machine.feed;
  if (feed === null) return '255';
  if (feed.unitId === 254 || feed.unitId === 255) return machine.profile.nozzles === 2 ? '0' : '254';
  return String(machine.profile.nozzles === 2 ? feed.slot : trayNumber(feed.unitId, feed.slot));
}

function unitBlock(machine: Machine, unit: AmsUnit): JsonObject {
  if (machine.profile.layout === 'p1') {
    return {
      id: String(unit.id),
      humidity: '4',
      temp: unit.kind === 'ams-lite' ? '0.0' : '25.6',
      tray: unit.slots.map((spool, slot) =>
        spool === null ? { id: String(slot) } : legacyTray(spool, String(slot)),
      ),
    };
  }
  const type = unit.id === 16 ? 5 : UNIT_TYPE[unit.kind];
  const series = unit.kind === 'ams' ? 0x1000 : 0x2000;
  return {
    id: String(unit.id),
    info: (series | (unit.extruder << 8) | type).toString(16),
    humidity: '4',
    humidity_raw: '24',
    temp: '26.2',
    dry_time: 0,
    tray: unit.slots.map((spool, slot) =>
      spool === null ? { id: String(slot), state: 0 } : { ...modernTray(spool, String(slot)), state: 11 },
    ),
  };
}

/** A tray as P1 and A1 firmware sends it: no state, `tray_temp` and `tray_time`. */
function legacyTray(spool: Spool | null, id: string): JsonObject {
  const color = spool?.color ?? '00000000';
  return {
    id,
    remain: shownRemain(spool),
    k: 0.02,
    n: 1,
    cali_idx: -1,
    tag_uid: spool?.tagUid ?? NO_TAG,
    tray_id_name: '',
    tray_info_idx: spool?.infoIdx ?? '',
    tray_type: spool?.type ?? '',
    tray_sub_brands: '',
    tray_color: color,
    tray_weight: '0',
    tray_diameter: '0.00',
    tray_temp: '0',
    tray_time: '0',
    bed_temp_type: '0',
    bed_temp: '0',
    nozzle_temp_max: String(spool?.nozzleTempMax ?? 0),
    nozzle_temp_min: String(spool?.nozzleTempMin ?? 0),
    xcam_info: '000000000000000000000000',
    tray_uuid: spool?.trayUuid ?? NO_UUID,
    ctype: 0,
    cols: [color],
  };
}

function modernTray(spool: Spool | null, id: string): JsonObject {
  const color = spool?.color ?? '00000000';
  return {
    id,
    bed_temp: '0',
    bed_temp_type: '0',
    cali_idx: -1,
    cols: [color],
    ctype: 0,
    drying_temp: spool === null ? '0' : '55',
    drying_time: spool === null ? '0' : '8',
    nozzle_temp_max: String(spool?.nozzleTempMax ?? 0),
    nozzle_temp_min: String(spool?.nozzleTempMin ?? 0),
    remain: shownRemain(spool),
    tag_uid: spool?.tagUid ?? NO_TAG,
    total_len: 330000,
    tray_color: color,
    tray_diameter: '1.75',
    tray_id_name: '',
    tray_info_idx: spool?.infoIdx ?? '',
    tray_sub_brands: '',
    tray_type: spool?.type ?? '',
    tray_uuid: spool?.trayUuid ?? NO_UUID,
    tray_weight: spool === null ? '0' : '1000',
    xcam_info: '000000000000000000000000',
  };
}

function shownRemain(spool: Spool | null): number {
  if (spool === null) return 0;
  return spool.remain < 0 ? -1 : Math.round(spool.remain);
}

/** Bit numbers as the hex string reports use. */
function bits(numbers: readonly number[]): string {
  return numbers.reduce((sum, bit) => sum | (1 << bit), 0).toString(16);
}
