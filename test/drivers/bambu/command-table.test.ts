import { describe, expect, it } from 'vitest';
import { type Need, whyNotSend } from '../../../drivers/bambu/command-guard.js';
import type { Plan, Situation } from '../../../drivers/bambu/command-plan.js';
import { COMMANDS, type ControlCommand, prepare } from '../../../drivers/bambu/command-table.js';
import { MODELS, modelByCode } from '../../../drivers/bambu/models.js';
import { normaliseReport } from '../../../drivers/bambu/report.js';
import {
  DriverError,
  type PrinterReport,
  type PrinterState,
  type SlotState,
} from '../../../drivers/driver.js';

const nothing = normaliseReport(
  {},
  {
    model: null,
    firmware: null,
    amsKinds: new Map(),
    peaks: { totalLayers: 0, percent: 0, layer: 0 },
    storage: null,
    learnedMode: null,
  },
);

function slot(unitId: number, slotIndex: number, tray: number, changes: Partial<SlotState> = {}): SlotState {
  return {
    unitId,
    amsIndex: unitId >= 254 ? -1 : 0,
    slotIndex,
    tray,
    extruder: null,
    loaded: true,
    reading: false,
    identified: null,
    type: 'PETG',
    color: '112233FF',
    colors: ['112233FF'],
    infoIdx: 'GFG99',
    brand: '',
    tagUid: null,
    trayUuid: null,
    remain: -1,
    spoolGrams: null,
    nozzleTempMin: 220,
    nozzleTempMax: 270,
    ...changes,
  };
}

const units = [0, 16, 128].map((unitId, amsIndex) => ({
  unitId,
  amsIndex,
  kind: 'ams' as const,
  extruder: null,
  humidityLevel: null,
  humidityPercent: null,
  temperature: null,
  dryMinutesLeft: 0,
  dryPhase: null,
  dryTarget: null,
}));

function stateWith(changes: Partial<PrinterState> = {}): PrinterState {
  return {
    ...nothing,
    activity: 'IDLE',
    amsUnits: units,
    slots: [slot(0, 2, 2), slot(16, 1, 65), slot(128, 0, 128), slot(255, 0, 254), slot(254, 1, 255)],
    ...changes,
  };
}

function situation(code: string, changes: Partial<Situation> = {}): Situation {
  const model = modelByCode(code);
  if (model === null) throw new Error(`There is no model ${code}`);
  return { model, firmware: null, state: stateWith(), bedTempMaxC: model.bedTempMaxC, ...changes };
}

function planOf(command: ControlCommand, where: Situation): Plan {
  return prepare(command).compose(where);
}

/** The fields of the message without the envelope. */
function fields(command: ControlCommand, where: Situation): Readonly<Record<string, unknown>> {
  return planOf(command, where).message.fields;
}

function lines(command: ControlCommand, where: Situation): unknown {
  const sent = fields(command, where);
  expect(sent.command).toBe('gcode_line');
  return sent.param;
}

function refusal(command: ControlCommand, where: Situation): string {
  try {
    prepare(command).compose(where);
  } catch (error) {
    if (error instanceof DriverError) return error.kind;
    throw error;
  }
  return 'sent';
}

const heat = (heater: 'nozzle' | 'bed' | 'chamber', celsius: number, extruder: number | null = null) =>
  ({ kind: 'set-temperature', heater, celsius, extruder }) as const;

describe('a temperature', () => {
  it.each([
    ['BL-P001', 300, 120, null],
    ['C13', 320, 110, 60],
    ['C11', 300, 100, null],
    ['C12', 300, 100, null],
    ['N7', 300, 110, null],
    ['N1', 300, 80, null],
    ['N2S', 300, 100, null],
    ['N9', 300, 80, null],
    ['O1D', 350, 120, 65],
    ['O1S', 350, 120, 65],
    ['O1C2', 350, 120, 65],
    ['N6', 300, 120, 65],
  ])('on %s is limited to nozzle %i, bed %i, chamber %j', (code, nozzle, bed, chamber) => {
    const where = situation(code);
    expect(lines(heat('nozzle', 999), where)).toBe(`M104 S${nozzle}\n`);
    expect(lines(heat('bed', 999), where)).toBe(`M140 S${bed}\n`);
    if (chamber === null) expect(refusal(heat('chamber', 50), where)).toBe('unsupported');
    else expect(fields(heat('chamber', 999), where)).toEqual({ command: 'set_ctt', ctt_val: chamber });
  });

  it('that is possible goes as it is, and without a note', () => {
    expect(planOf(heat('nozzle', 219.6), situation('C12')).note).toBeNull();
    expect(lines(heat('nozzle', 219.6), situation('C12'))).toBe('M104 S220\n');
    expect(planOf(heat('bed', 130), situation('C12')).note).toBe('Bed limited from 130 to 100 °C');
  });

  it('of the bed keeps to the limit of the mains', () => {
    expect(lines(heat('bed', 120), situation('BL-P001', { bedTempMaxC: 110 }))).toBe('M140 S110\n');
  });

  it('of a nozzle names the extruder where there are two', () => {
    expect(lines(heat('nozzle', 220, 1), situation('O1D'))).toBe('M104 S220 T1\n');
    expect(lines(heat('nozzle', 220, 0), situation('O1D'))).toBe('M104 S220 T0\n');
    expect(lines(heat('nozzle', 220), situation('O1D'))).toBe('M104 S220\n');
    expect(lines(heat('nozzle', 220, 0), situation('C12'))).toBe('M104 S220\n');
    expect(refusal(heat('nozzle', 220, 1), situation('C12'))).toBe('unsupported');
    expect(refusal(heat('nozzle', 220, 2), situation('O1D'))).toBe('unsupported');
  });

  it('of the chamber has an older form, which turns the air where the machine has flaps', () => {
    const older = (code: string, celsius: number) =>
      planOf(heat('chamber', celsius), situation(code)).fallback?.fields.param;
    expect(older('O1D', 45)).toBe('M145 P1\nM141 S45\n');
    expect(older('O1D', 0)).toBe('M141 S0\nM145 P0\n');
    expect(older('N6', 45)).toBe('M145 P1\nM141 S45\n');
    expect(older('C13', 45)).toBe('M141 S45\n');
  });

  it('of the chamber below the start of heating is off', () => {
    const plan = planOf(heat('chamber', 30), situation('C13'));
    expect(plan.message.fields.ctt_val).toBe(0);
    expect(plan.note).toContain('40 °C');
  });
});

describe('a fan', () => {
  it.each([
    ['part', 100, 'M106 P1 S255\n'],
    ['aux', 50, 'M106 P2 S128\n'],
    ['chamber', 0, 'M106 P3 S0\n'],
    ['part', 400, 'M106 P1 S255\n'],
  ] as const)('%s at %i %% is %j', (fan, percent, expected) => {
    expect(lines({ kind: 'set-fan', fan, percent }, situation('C12'))).toBe(expected);
  });

  it('that a machine does not have is not driven', () => {
    for (const fan of ['aux', 'chamber'] as const) {
      expect(refusal({ kind: 'set-fan', fan, percent: 50 }, situation('N2S'))).toBe('unsupported');
      expect(refusal({ kind: 'set-fan', fan, percent: 50 }, situation('C11'))).toBe('sent');
    }
  });
});

describe('an axis', () => {
  const axes = (x: boolean, y: boolean, z: boolean) => ({ kind: 'home', axes: { x, y, z } }) as const;
  const by = (x: number, y: number, z: number, e = 0) => ({ kind: 'move', x, y, z, e }) as const;

  it('is never homed alone', () => {
    for (const { code } of MODELS) {
      expect(planOf(axes(true, true, true), situation(code))).toMatchObject({ note: null });
      for (const some of [axes(true, true, true), axes(false, false, true), axes(true, false, false)])
        expect(lines(some, situation(code))).toBe('G28\n');
    }
    expect(planOf(axes(true, false, false), situation('C12')).note).toContain('All axes are homed');
    expect(refusal(axes(false, false, false), situation('C12'))).toBe('rejected');
  });

  it.each([
    ['BL-P001', 'G91\nG1 X10 Y-5 F3000\nG1 Z2.5 F600\nG90\n'],
    ['C12', 'G91\nG1 X10 Y-5 F3000\nG1 Z2.5 F600\nG90\n'],
    ['O1D', 'G91\nG1 X10 Y-5 F3000\nG1 Z2.5 F600\nG90\n'],
    ['N7', 'G91\nG1 X10 Y-5 F3000\nG1 Z2.5 F600\nG90\n'],
    ['N1', 'G91\nG1 X10 Y5 F3000\nG1 Z-2.5 F600\nG90\n'],
    ['N2S', 'G91\nG1 X10 Y5 F3000\nG1 Z-2.5 F600\nG90\n'],
    ['N9', 'G91\nG1 X10 Y5 F3000\nG1 Z-2.5 F600\nG90\n'],
  ])('moves on %s by %j', (code, expected) => {
    expect(lines(by(10, -5, 2.5), situation(code))).toBe(expected);
  });

  it('moves 100 mm at most, and only where it is told to', () => {
    expect(lines(by(0, 0, 400), situation('C12'))).toBe('G91\nG1 Z100 F600\nG90\n');
    expect(planOf(by(0, 0, 400), situation('C12')).note).toBe('Z limited from 400 to 100 mm');
    expect(lines(by(0, 0, 0, -3), situation('C12'))).toBe('G91\nG90\nM83\nG1 E-3 F300\n');
    expect(refusal(by(0, 0, 0), situation('C12'))).toBe('rejected');
  });

  it('of filament needs a warm nozzle, others do not', () => {
    expect(prepare(by(0, 0, 0, 5)).needs).toContain('warm-nozzle');
    expect(prepare(by(5, 0, 0)).needs).not.toContain('warm-nozzle');
    expect(lines({ kind: 'extrude', mm: 20 }, situation('C12'))).toBe('M83\nG1 E20 F300\n');
    expect(lines({ kind: 'extrude', mm: -500 }, situation('C12'))).toBe('M83\nG1 E-100 F300\n');
    expect(refusal({ kind: 'extrude', mm: 0 }, situation('C12'))).toBe('rejected');
  });
});

describe('filament', () => {
  const load = (unitId: number, slotIndex: number, targetCelsius = 0, currentCelsius = 0) =>
    ({ kind: 'load-filament', slot: { unitId, slotIndex }, targetCelsius, currentCelsius }) as const;

  it.each([
    ['C12', 0, 2, { ams_id: 0, slot_id: 2, target: 2 }],
    ['N9', 16, 1, { ams_id: 16, slot_id: 1, target: 65 }],
    ['O1D', 128, 0, { ams_id: 128, slot_id: 0, target: 128 }],
    ['C12', 255, 0, { ams_id: 255, slot_id: 0, target: 254 }],
    ['O1D', 255, 0, { ams_id: 255, slot_id: 0, target: 255 }],
    ['O1D', 254, 1, { ams_id: 254, slot_id: 0, target: 254 }],
  ])('is loaded on %s from %i/%i by %j', (code, unitId, slotIndex, expected) => {
    expect(fields(load(unitId, slotIndex, 230, 215), situation(code))).toEqual({
      command: 'ams_change_filament',
      ...expected,
      curr_temp: 215,
      tar_temp: 230,
    });
  });

  it.each([
    ['N7', 255],
    ['N9', 255],
    ['O1S', 255],
    ['BL-P001', null],
    ['C12', null],
    ['N1', null],
    ['N2S', null],
    ['O1D', null],
    ['N6', null],
  ])('is loaded on %s from its holder once more, by %j, where nothing came of it', (code, again) => {
    const plan = planOf(load(255, 0, 230, 215), situation(code));
    expect(plan.again?.fields ?? null).toEqual(
      again === null ? null : { ...plan.message.fields, target: again },
    );
    expect(planOf(load(0, 2), situation(code)).again).toBeNull();
  });

  it('begins to be changed when a spool, a stage or a heater shows it', () => {
    const { begins } = prepare(load(255, 0));
    const cold = stateWith({ activeTray: null });
    const nozzle = { index: 0, diameter: '0.4', type: null, temp: 20, target: 210, hasFilament: null };
    expect(begins?.(cold, cold)).toBe(false);
    expect(begins?.(cold, stateWith({ activeTray: 254 }))).toBe(true);
    expect(begins?.(cold, stateWith({ nozzles: [nozzle] }))).toBe(true);
    expect(begins?.(cold, stateWith({ print: { ...cold.print, stage: 24 } }))).toBe(true);
    expect(begins?.(cold, stateWith({ print: { ...cold.print, stage: 14 } }))).toBe(false);
  });

  it('is moved at what its spool says when nobody else does, within limits', () => {
    const where = situation('C12');
    expect(fields(load(0, 2), where)).toMatchObject({ tar_temp: 245, curr_temp: 210 });
    expect(fields(load(0, 2, 100, 999), where)).toMatchObject({ tar_temp: 180, curr_temp: 300 });
    expect(planOf(load(0, 2, 100), where).note).toBe('Filament limited from 100 to 180 °C');
  });

  it('comes from places that are there', () => {
    expect(refusal(load(3, 0), situation('C12'))).toBe('unsupported');
    expect(refusal(load(254, 0), situation('C12', { state: stateWith({ slots: [] }) }))).toBe('unsupported');
    expect(refusal(load(255, 0), situation('C12', { state: stateWith({ slots: [] }) }))).toBe('sent');
  });

  it('is unloaded to where it came from', () => {
    const unload = { kind: 'unload-filament' } as const;
    const from = (activeTray: number | null, amsUnits = units) =>
      fields(unload, situation('C12', { state: stateWith({ activeTray, amsUnits }) }));
    const back = { command: 'ams_change_filament', slot_id: 255, target: 255, curr_temp: 245, tar_temp: 245 };
    expect(from(2)).toEqual({ ...back, ams_id: 0 });
    expect(from(254)).toEqual({ ...back, ams_id: 255 });
    expect(from(null)).toEqual({ command: 'unload_filament' });
    expect(from(254, [])).toEqual({ command: 'unload_filament' });
    const dual = situation('O1D', { state: stateWith({ activeTray: 255, amsUnits: [] }) });
    expect(fields(unload, dual)).toEqual({ ...back, ams_id: 254 });
  });

  it.each([
    ['C12', '01.08.00.00', { command: 'gcode_line', param: 'M620 R2\n' }],
    ['C12', '01.08.01.00', { command: 'ams_get_rfid', ams_id: 0, slot_id: 2 }],
    ['C12', null, { command: 'ams_get_rfid', ams_id: 0, slot_id: 2 }],
    ['BL-P001', '01.08.05.32', { command: 'gcode_line', param: 'M620 R2\n' }],
    ['N2S', '01.05.00.00', { command: 'gcode_line', param: 'M620 R2\n' }],
    ['O1D', '01.00.00.00', { command: 'ams_get_rfid', ams_id: 0, slot_id: 2 }],
  ])('is identified on %s with firmware %s by %j', (code, firmware, expected) => {
    const command = { kind: 'read-spool', slot: { unitId: 0, slotIndex: 2 } } as const;
    expect(fields(command, situation(code, { firmware }))).toEqual(expected);
    expect(prepare(command).needs).toContain('unloaded');
  });

  const set = (changes: Partial<Extract<ControlCommand, { kind: 'set-filament' }>> = {}) =>
    ({
      kind: 'set-filament',
      slot: { unitId: 0, slotIndex: 2 },
      type: 'PLA',
      color: '#ff6a13',
      infoIdx: null,
      nozzleTempMin: 190,
      nozzleTempMax: 240,
      ...changes,
    }) as const;
  const asPla = {
    command: 'ams_filament_setting',
    tray_info_idx: 'GFL99',
    setting_id: '',
    tray_type: 'PLA',
    tray_sub_brands: '',
    tray_color: 'FF6A13FF',
    nozzle_temp_min: 190,
    nozzle_temp_max: 240,
  };

  it.each([
    ['C12', 0, 2, { ams_id: 0, tray_id: 2, slot_id: 2 }],
    ['N9', 16, 1, { ams_id: 16, tray_id: 1, slot_id: 1 }],
    ['O1D', 128, 0, { ams_id: 128, tray_id: 0, slot_id: 0 }],
    ['C12', 255, 0, { ams_id: 255, tray_id: 254, slot_id: 0 }],
    ['O1D', 254, 1, { ams_id: 254, tray_id: 254, slot_id: 0 }],
  ])('is set on %s in %i/%i by %j', (code, unitId, slotIndex, address) => {
    expect(fields(set({ slot: { unitId, slotIndex } }), situation(code))).toEqual({ ...asPla, ...address });
  });

  it('is set with what is known, and nothing that is wrong', () => {
    const where = situation('C12');
    expect(fields(set({ infoIdx: 'P4d64437', color: null }), where)).toMatchObject({
      tray_info_idx: 'P4d64437',
      tray_color: '112233FF',
    });
    expect(fields(set({ nozzleTempMax: 500 }), where)).toMatchObject({ nozzle_temp_max: 300 });
    expect(fields(set({ type: '' }), where)).toMatchObject({
      tray_info_idx: '',
      tray_type: '',
      tray_color: '00000000',
      nozzle_temp_min: 0,
      nozzle_temp_max: 0,
    });
    expect(refusal(set({ type: 'Cheese' }), where)).toBe('rejected');
    expect(refusal(set({ color: 'red' }), where)).toBe('rejected');
    expect(refusal(set({ nozzleTempMin: 250 }), where)).toBe('rejected');
  });
});

describe('the rest', () => {
  it('selects an extruder where there is a choice', () => {
    const select = (extruder: number) => ({ kind: 'select-extruder', extruder }) as const;
    expect(fields(select(1), situation('O1D'))).toEqual({ command: 'select_extruder', extruder_index: 1 });
    expect(refusal(select(2), situation('O1D'))).toBe('unsupported');
    expect(refusal(select(0), situation('O1S'))).toBe('unsupported');
  });

  it.each([
    ['BL-P001', 0b1110111, 0b1100111],
    ['C12', 0b0000111, 0b0000110],
    ['O1D', 0b0010010, 0b0010010],
    ['N2S', 0b1111_0000_0000 | 0b1000, 0b1000],
  ])('calibrates on %s of %i only %i', (code, options, option) => {
    expect(fields({ kind: 'calibrate', options }, situation(code))).toEqual({
      command: 'calibration',
      option,
    });
  });

  it('calibrates nothing that is not there', () => {
    expect(refusal({ kind: 'calibrate', options: 1 }, situation('C12'))).toBe('unsupported');
    expect(refusal({ kind: 'calibrate', options: 16 }, situation('C12'))).toBe('unsupported');
    expect(refusal({ kind: 'calibrate', options: 0 }, situation('BL-P001'))).toBe('unsupported');
  });

  it('skips objects by their numbers', () => {
    const skip = (...objectIds: number[]) => ({ kind: 'skip-objects', objectIds }) as const;
    expect(fields(skip(206, 318, 206), situation('C12'))).toEqual({
      command: 'skip_objects',
      obj_list: [206, 318],
    });
    expect(refusal(skip(), situation('C12'))).toBe('rejected');
    expect(refusal(skip(1.5), situation('C12'))).toBe('rejected');
    const ids = Array.from({ length: 65 }, (_, at) => at + 1);
    expect(refusal(skip(...ids.slice(1)), situation('C12'))).toBe('sent');
    expect(refusal(skip(...ids), situation('C12'))).toBe('rejected');
  });

  it('switches both bars of a chamber that has two', () => {
    const on = (code: string, node: string) => {
      const { message, further } = planOf({ kind: 'light', node, on: true }, situation(code));
      return [message, ...further].map(({ fields: { led_node, led_mode } }) => [led_node, led_mode]);
    };
    for (const code of ['O1D', 'O1S', 'O1C2', 'N6'])
      expect(on(code, 'chamber_light')).toEqual([
        ['chamber_light', 'on'],
        ['chamber_light2', 'on'],
      ]);
    expect(on('O1D', 'chamber_light2')).toEqual([['chamber_light2', 'on']]);
    expect(on('BL-P001', 'chamber_light')).toEqual([['chamber_light', 'on']]);
  });

  it.each([
    ['C12', 'work_light', 'unsupported'],
    ['C12', 'chamber_light', 'sent'],
    ['BL-P001', 'work_light', 'sent'],
    ['O1D', 'chamber_light2', 'sent'],
  ])('switches on %s the %s: %s', (code, node, expected) => {
    expect(refusal({ kind: 'light', node, on: true }, situation(code))).toBe(expected);
  });
});

describe('a printer', () => {
  const report = (changes: Partial<PrinterState>, complete = true): PrinterReport => ({
    receivedAt: 0,
    activityAt: 0,
    sequence: 1,
    complete,
    state: stateWith(changes),
  });
  const model = modelByCode('C12');
  const why = (need: Need, changes: Partial<PrinterState>) =>
    whyNotSend([need], { status: 'online', report: report(changes), model })?.kind ?? 'free';

  it.each([
    ['IDLE', 'free', 'free', 'rejected'],
    ['FINISH', 'free', 'free', 'rejected'],
    ['FAILED', 'free', 'free', 'rejected'],
    ['PREPARE', 'busy', 'busy', 'rejected'],
    ['SLICING', 'busy', 'busy', 'rejected'],
    ['RUNNING', 'busy', 'busy', 'free'],
    ['PAUSE', 'busy', 'free', 'free'],
    [null, 'unreachable', 'unreachable', 'unreachable'],
  ] as const)(
    'that says %s is %s for moving, %s for feeding and %s for skipping',
    (activity, ...expected) => {
      const [moving, feeding, skipping] = expected;
      expect(why('not-printing', { activity })).toBe(moving);
      expect(why('not-moving', { activity })).toBe(feeding);
      expect(why('printing', { activity })).toBe(skipping);
    },
  );

  it('is paused only while it prints; what is not known does not hold a pause back', () => {
    for (const activity of ['PREPARE', 'SLICING'] as const)
      expect(why('maybe-printing', { activity })).toBe('busy');
    for (const activity of ['IDLE', 'FINISH', 'FAILED'] as const)
      expect(why('maybe-printing', { activity })).toBe('rejected');
    for (const activity of ['RUNNING', 'PAUSE', null] as const)
      expect(why('maybe-printing', { activity })).toBe('free');
    expect(COMMANDS.pause.needs).toEqual(['maybe-printing']);
    expect(COMMANDS.stop.needs).toEqual([]);
  });

  it('is let alone during an update, without Developer Mode, cold or loaded', () => {
    expect(why('not-printing', { upgrading: true })).toBe('busy');
    expect(why('not-moving', { upgrading: true })).toBe('busy');
    expect(why('unlocked', { developerMode: 'off' })).toBe('developer-mode');
    expect(why('unlocked', { developerMode: 'unknown' })).toBe('free');
    expect(why('unloaded', { activeTray: 2 })).toBe('busy');
    expect(why('unloaded', { activeTray: null })).toBe('free');
    const nozzle = (temp: number | null) => [
      { index: 0, diameter: '0.4', type: null, temp, target: 0, hasFilament: null },
    ];
    expect(why('warm-nozzle', { nozzles: nozzle(169.9) })).toBe('rejected');
    expect(why('warm-nozzle', { nozzles: nozzle(null) })).toBe('rejected');
    expect(why('warm-nozzle', { nozzles: nozzle(170) })).toBe('free');
  });

  it('gets nothing but what ends or holds a print while it is not known', () => {
    for (const [kind, { needs }] of Object.entries(COMMANDS)) {
      const unknown = whyNotSend(needs, { status: 'online', report: report({}, false), model });
      const lost = whyNotSend(needs, { status: 'offline', report: report({}), model });
      const always = ['pause', 'resume', 'stop', 'light'].includes(kind);
      expect([kind, unknown?.kind, lost?.kind]).toEqual(
        always ? [kind, undefined, undefined] : [kind, 'unreachable', 'unreachable'],
      );
    }
  });

  it('is never moved or calibrated during a print, and fed in its pauses alone', () => {
    const bound = (need: Need) =>
      Object.entries(COMMANDS).flatMap(([kind, { needs }]) => (needs.includes(need) ? [kind] : []));
    expect(bound('not-printing').sort()).toEqual(['calibrate', 'home', 'move', 'select-extruder']);
    expect(bound('not-moving').sort()).toEqual(['extrude', 'load-filament', 'read-spool', 'unload-filament']);
  });
});

describe('the effect of a command', () => {
  const shows = (command: ControlCommand, changes: Partial<PrinterState>) =>
    prepare(command).shows?.(stateWith(changes));

  it('shows in the report', () => {
    expect(shows({ kind: 'pause' }, { activity: 'PAUSE' })).toBe(true);
    expect(shows({ kind: 'pause' }, { activity: 'RUNNING' })).toBe(false);
    expect(shows({ kind: 'stop' }, { activity: null })).toBe(false);
    expect(shows({ kind: 'stop' }, { activity: 'FAILED' })).toBe(true);
    expect(
      shows({ kind: 'light', node: 'chamber_light', on: true }, { lights: { chamber_light: 'on' } }),
    ).toBe(true);
    expect(shows(heat('bed', 60), { bedTarget: 60 })).toBe(true);
    expect(shows(heat('bed', 60), { bedTarget: 0 })).toBe(false);
    expect(shows(heat('chamber', 60), { chamberTarget: null })).toBe(false);
    const fans = { ...nothing.fans, part: 53 };
    expect(shows({ kind: 'set-fan', fan: 'part', percent: 50 }, { fans })).toBe(true);
    expect(shows({ kind: 'set-fan', fan: 'aux', percent: 0 }, { fans })).toBe(false);
    const print = { ...nothing.print, skippedObjects: [206, 318] };
    expect(shows({ kind: 'skip-objects', objectIds: [318] }, { print })).toBe(true);
    expect(shows({ kind: 'skip-objects', objectIds: [318, 5] }, { print })).toBe(false);
    const load = { kind: 'load-filament', targetCelsius: 0, currentCelsius: 0 } as const;
    expect(shows({ ...load, slot: { unitId: 0, slotIndex: 2 } }, { activeTray: 2 })).toBe(true);
    expect(shows({ ...load, slot: { unitId: 0, slotIndex: 2 } }, { activeTray: null })).toBe(false);
    expect(shows({ kind: 'unload-filament' }, { activeTray: null })).toBe(true);
    const homed = { x: true, y: true, z: false };
    expect(shows({ kind: 'home', axes: { x: true, y: false, z: false } }, { homed })).toBe(true);
    expect(shows({ kind: 'home', axes: { x: true, y: true, z: true } }, { homed })).toBe(false);
  });

  it('is named by a report field for all but what no report tells', () => {
    const silent = Object.entries(COMMANDS).flatMap(([kind, { evidence }]) =>
      evidence === null ? [kind] : [],
    );
    expect(silent).toEqual(['move', 'extrude']);
  });
});
