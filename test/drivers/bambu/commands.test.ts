import { describe, expect, it } from 'vitest';
import * as commands from '../../../drivers/bambu/commands.js';
import { MODELS, modelByCode } from '../../../drivers/bambu/models.js';
import { DriverError, type FilamentSource, type StartPrintRequest } from '../../../drivers/driver.js';

function ams(unitId: number, slotIndex: number, extruder: number | null = null): FilamentSource {
  return { unitId, slotIndex, external: false, extruder };
}

function request(changes: Partial<StartPrintRequest> = {}): StartPrintRequest {
  return {
    token: 1432543210,
    name: 'bracket-7f3a',
    remoteName: 'bracket-7f3a.gcode.3mf',
    plate: 1,
    filaments: [null, null, ams(0, 2)],
    bedLevelling: true,
    flowCalibration: false,
    timelapse: false,
    bedType: null,
    ...changes,
  };
}

describe('the small commands', () => {
  it('are these', () => {
    expect([
      commands.getVersion,
      commands.pushAll,
      commands.startPushing,
      commands.pausePrint,
      commands.resumePrint,
      commands.stopPrint,
      commands.switchLight('chamber_light', true),
      commands.switchLight('work_light', false),
    ]).toEqual([
      { type: 'info', fields: { command: 'get_version' } },
      { type: 'pushing', fields: { command: 'pushall', version: 1, push_target: 1 } },
      { type: 'pushing', fields: { command: 'start' } },
      { type: 'print', fields: { command: 'pause', param: '' } },
      { type: 'print', fields: { command: 'resume', param: '' } },
      { type: 'print', fields: { command: 'stop', param: '' } },
      {
        type: 'system',
        fields: {
          command: 'ledctrl',
          led_node: 'chamber_light',
          led_mode: 'on',
          led_on_time: 500,
          led_off_time: 500,
          loop_times: 0,
          interval_time: 0,
        },
      },
      {
        type: 'system',
        fields: {
          command: 'ledctrl',
          led_node: 'work_light',
          led_mode: 'off',
          led_on_time: 500,
          led_off_time: 500,
          loop_times: 0,
          interval_time: 0,
        },
      },
    ]);
  });
});

describe('starting a print', () => {
  const X1C = {
    command: 'project_file',
    param: 'Metadata/plate_1.gcode',
    url: 'ftp://bracket-7f3a.gcode.3mf',
    file: 'bracket-7f3a.gcode.3mf',
    md5: '',
    subtask_name: 'bracket-7f3a',
    project_id: '1432543210',
    profile_id: '0',
    task_id: '1432543210',
    subtask_id: '1432543210',
    bed_type: 'auto',
    timelapse: false,
    bed_leveling: true,
    auto_bed_leveling: 1,
    flow_cali: false,
    extrude_cali_flag: 0,
    extrude_cali_manual_mode: 0,
    vibration_cali: true,
    layer_inspect: false,
    nozzle_offset_cali: 0,
    cfg: '0',
    use_ams: true,
    ams_mapping: [-1, -1, 2],
    ams_mapping2: [
      { ams_id: 255, slot_id: 255 },
      { ams_id: 255, slot_id: 255 },
      { ams_id: 0, slot_id: 2 },
    ],
  };

  it('is this on an X1C, and on a machine of unknown model', () => {
    expect(commands.startPrint(request(), modelByCode('BL-P001'), 'ftp://')).toEqual({
      type: 'print',
      fields: X1C,
    });
    expect(commands.startPrint(request(), null, 'ftp://')).toEqual({ type: 'print', fields: X1C });
  });

  it.each([
    ['BL-P002', {}],
    ['C13', {}],
    ['C11', {}],
    ['C12', {}],
    ['N7', { vibration_cali: false }],
    ['N1', {}],
    ['N2S', {}],
    ['N9', {}],
    ['O1D', { nozzle_offset_cali: 2 }],
    ['O1E', { nozzle_offset_cali: 2 }],
    ['O1S', {}],
    ['O1C2', { nozzle_offset_cali: 2 }],
    ['N6', { nozzle_offset_cali: 2 }],
  ])('differs on %s by %j', (code, differences) => {
    const model = modelByCode(code);
    expect(model).not.toBeNull();
    expect(commands.startPrint(request(), model, 'ftp://').fields).toEqual({ ...X1C, ...differences });
  });

  it('sends every flag as a real boolean, on every model', () => {
    for (const model of MODELS) {
      const { fields } = commands.startPrint(
        request({ flowCalibration: true, timelapse: true }),
        model,
        'ftp://',
      );
      for (const flag of [
        'timelapse',
        'bed_leveling',
        'flow_cali',
        'vibration_cali',
        'layer_inspect',
        'use_ams',
      ]) {
        expect(typeof fields[flag]).toBe('boolean');
      }
    }
  });

  it('turns what is asked for on and off', () => {
    const { fields } = commands.startPrint(
      request({ plate: 12, bedLevelling: false, flowCalibration: true, timelapse: true }),
      null,
      'ftp://',
    );
    expect(fields).toMatchObject({
      param: 'Metadata/plate_12.gcode',
      bed_leveling: false,
      auto_bed_leveling: 0,
      flow_cali: true,
      extrude_cali_flag: 1,
      timelapse: true,
    });
  });

  it.each([
    [null, 'auto'],
    ['Textured PEI Plate', 'textured_plate'],
    ['Cool Plate', 'cool_plate'],
    ['Engineering Plate', 'eng_plate'],
    ['High Temp Plate', 'hot_plate'],
    ['textured_plate', 'textured_plate'],
    ['Plate of my own!', 'auto'],
  ])('with plate %j says %s', (bedType, wire) => {
    expect(commands.startPrint(request({ bedType }), null, 'ftp://').fields.bed_type).toBe(wire);
  });

  it.each([
    ['a space', { remoteName: 'my part.gcode.3mf' }],
    ['a folder', { remoteName: 'cache/part.gcode.3mf' }],
    ['a hidden name', { remoteName: '.part.gcode.3mf' }],
    ['no name', { remoteName: '' }],
    ['token 0', { token: 0 }],
    ['a token too large for the printer', { token: 2147483648 }],
    ['a broken token', { token: 1.5 }],
    ['plate 0', { plate: 0 }],
    ['no filament at all', { filaments: [] }],
    ['no filament mapped', { filaments: [null, null] }],
  ])('refuses %s', (_what, changes) => {
    expect(() => commands.startPrint(request(changes), null, 'ftp://')).toThrow(DriverError);
  });
});
