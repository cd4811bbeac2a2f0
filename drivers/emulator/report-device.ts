/** The `device` block of newer firmware: packed temperatures, extruders, nozzles, air (docs/protocol.md §5.5, §5.7). */
import type { JsonObject } from './json.js';
import type { Machine } from './machine.js';

/** Current and target in one number: target in the high half. */
export function packed(current: number, target: number): number {
  return ((Math.round(target) << 16) | (Math.round(current) & 0xffff)) >>> 0;
}

export function deviceBlock(machine: Machine): JsonObject {
  const { profile, clock, bed, chamber } = machine;
  const now = clock.now();
  const bedTemp = packed(bed.read(now), bed.target);
  const block: Record<string, JsonObject | number> = {
    type: 1,
    bed: { info: { temp: bedTemp }, state: bed.target > 0 ? 2 : 0 },
    bed_temp: bedTemp,
    extruder: extruderBlock(machine),
    nozzle: nozzleBlock(machine),
    fan: 0,
    laser: { power: 0 },
    cam: { laser: { cond: 254, state: 0 } },
    ext_tool: { calib: 2, low_prec: true, mount: 0, th_temp: 0, type: '' },
    plate: { base: 4, cali2d_id: '', cur_id: '', mat: 1, tar_id: '' },
  };
  if (profile.hasChamberSensor) {
    const target = profile.hasChamberHeater ? chamber.target : 0;
    block.ctc = { info: { temp: packed(chamber.read(now), target) }, state: target > 0 ? 1 : 0 };
  }
  if (profile.layout === 'h2') block.airduct = airductBlock(machine);
  return block;
}

function extruderBlock(machine: Machine): JsonObject {
  const { profile, clock, feed } = machine;
  const now = clock.now();
  const active = feed === null ? machine.selectedExtruder : machine.extruderOf(feed.unitId);
  const info = machine.nozzles.map((nozzle, id) => {
    const idle = id === 0 ? 0xffff : 0xfeff;
    const slot = feed !== null && active === id ? feedSlot(feed.unitId, feed.slot) : idle;
    return {
      id,
      filam_bak: [],
      hnow: id,
      hpre: id,
      htar: id,
      info: slot === idle ? 8 : 10,
      snow: slot,
      spre: slot,
      star: slot,
      stat: 0,
      temp: packed(nozzle.read(now), nozzle.target),
    };
  });
  // Count in bits 0-3, current extruder in 4-7, target in 8-11.
  return { info, state: profile.nozzles | (active << 4) | (active << 8) };
}

function feedSlot(unitId: number, slot: number): number {
  return unitId === 254 || unitId === 255 ? unitId << 8 : (unitId << 8) | slot;
}

function nozzleBlock(machine: Machine): JsonObject {
  const { nozzles, nozzleType } = machine.profile;
  const type = nozzleType.length === 4 ? nozzleType : 'HX01';
  return {
    exist: nozzles === 2 ? 3 : 1,
    info: machine.nozzles.map((_, id) => ({
      diameter: Number(machine.nozzleDiameter),
      id,
      tm: 0,
      type,
      wear: 0,
    })),
    state: 0,
  };
}

function airductBlock(machine: Machine): JsonObject {
  const { part, aux, chamber } = machine.fans;
  const fan = (id: number, func: number, state: number): JsonObject => ({ func, id, range: 6553600, state });
  return {
    modeCur: 0,
    modeList: [
      { ctrl: [16, 32, 48], modeId: 0, off: [96] },
      { ctrl: [16], modeId: 1, off: [32, 48] },
    ],
    parts: [fan(16, 0, part), fan(32, 1, aux), fan(48, 2, chamber), fan(96, 3, 0)],
  };
}
