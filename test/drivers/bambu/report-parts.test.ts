import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../drivers/bambu/coerce.js';
import { readExtruders, unpackTray } from '../../../drivers/bambu/extruders.js';
import { modelByCode } from '../../../drivers/bambu/models.js';
import { readAmsUnits } from '../../../drivers/bambu/report-ams.js';
import {
  readAddress,
  readDoorOpen,
  readHomed,
  readStorage,
  readUpgrading,
  readWifi,
  readWired,
} from '../../../drivers/bambu/report-machine.js';
import { readActiveTray } from '../../../drivers/bambu/report-slots.js';
import {
  readAirMode,
  readChamber,
  readFans,
  unpackTemperature,
} from '../../../drivers/bambu/report-thermal.js';
import { currentStage, stageText } from '../../../drivers/bambu/stages.js';
import { StorageWatch } from '../../../drivers/bambu/storage-watch.js';
import { isPrinting } from '../../../drivers/driver.js';
import { Replay } from './reports.js';

const model = (code: string) => modelByCode(code);

describe('packed temperatures', () => {
  it.each([
    [4587590, 70, 70],
    [16711934, 254, 255],
    [53, 53, 0],
    [14745864, 264, 225],
  ])('%d is %d of %d degrees', (packed, current, target) => {
    expect(unpackTemperature(packed)).toEqual({ current, target });
    expect(unpackTemperature(String(packed))).toEqual({ current, target });
  });

  it('is nothing for nonsense', () => {
    expect(unpackTemperature('warm')).toBeNull();
    expect(unpackTemperature(null)).toBeNull();
  });
});

describe('the chamber', () => {
  const report = { device: { ctc: { info: { temp: 3932208 } } }, info: { temp: 31 }, chamber_temper: 5 };

  it('is read from the newest place that says something', () => {
    expect(readChamber(report, model('O1D'))).toEqual({ chamberTemp: 48, chamberTarget: 60 });
    expect(readChamber({ ...report, device: {} }, model('BL-P001')).chamberTemp).toBe(31);
    expect(readChamber({ chamber_temper: 29 }, model('BL-P001')).chamberTemp).toBe(29);
  });

  it('has no target without a heater', () => {
    expect(readChamber(report, model('BL-P001')).chamberTarget).toBeNull();
    expect(readChamber(report, model('N7')).chamberTarget).toBeNull();
  });

  it('prefers a target that is said outright', () => {
    const said = { device: { ctc: { info: { temp: 48, target: 55 } } } };
    expect(readChamber(said, model('C13'))).toEqual({ chamberTemp: 48, chamberTarget: 55 });
  });

  it.each(['C11', 'C12', 'N1', 'N2S', 'N9'])('is unknown on %s, whose field is a constant', (code) => {
    expect(readChamber(report, model(code))).toEqual({ chamberTemp: null, chamberTarget: null });
  });
});

describe('fans', () => {
  it.each([
    ['0', 0],
    ['1', 7],
    ['8', 53],
    ['15', 100],
    [15, 100],
    ['16', null],
    ['', null],
  ])('step %j is %j percent', (step, percent) => {
    expect(readFans({ cooling_fan_speed: step }, model('BL-P001')).part).toBe(percent);
  });

  it('are read from the air duct where it lists them', () => {
    const parts = [
      { id: 16, state: 35 },
      { id: 32, state: 0x6400 | 60 },
    ];
    const report = { device: { airduct: { parts } }, cooling_fan_speed: '15', big_fan2_speed: '3' };
    expect(readFans(report, model('O1D'))).toMatchObject({ part: 35, aux: 60, chamber: 20 });
  });

  it('of the air duct include the second auxiliary one and the one inside', () => {
    const parts = [
      { id: 0x60, state: 70 },
      { id: 0xa0, state: 0x6400 | 45 },
    ];
    const report = { device: { airduct: { parts, modeCur: 1 } }, heatbreak_fan_speed: '12' };
    expect(readFans(report, model('O1D'))).toMatchObject({ internal: 70, secondAux: 45, heatbreak: 80 });
    expect(readAirMode(report)).toBe('heating');
    expect(readAirMode({ device: { airduct: { modeCur: 0 } } })).toBe('cooling');
    expect(readAirMode({ device: { airduct: { modeCur: 2 } } })).toBe('laser');
    expect(readAirMode({ device: { airduct: { modeCur: 9 } } })).toBeNull();
    expect(readAirMode({})).toBeNull();
  });

  it('a machine without a fan reports none, whatever the field says', () => {
    const report = { cooling_fan_speed: '3', big_fan1_speed: '0', big_fan2_speed: '0' };
    expect(readFans(report, model('N1'))).toMatchObject({ part: 20, aux: null, chamber: null });
  });
});

describe('home_flag and stat', () => {
  it('tell the homed axes', () => {
    expect(readHomed({ home_flag: 0b101 })).toEqual({ x: true, y: false, z: true });
    expect(readHomed({ home_flag: 863847839 })).toEqual({ x: true, y: true, z: true });
    expect(readHomed({})).toBeNull();
  });

  it('tell the door where the model has it', () => {
    expect(readDoorOpen({ home_flag: -1066934785 }, model('BL-P001'))).toBe(false);
    expect(readDoorOpen({ home_flag: -1058546177 }, model('BL-P001'))).toBe(true);
    expect(readDoorOpen({ stat: '46258008', home_flag: -1058546177 }, model('O1D'))).toBe(false);
    expect(readDoorOpen({ stat: '46A58008' }, model('O1D'))).toBe(true);
    expect(readDoorOpen({ stat: '46A58008', home_flag: -1058546177 }, model('C12'))).toBeNull();
  });

  it('tell no door on firmware from before the sensor was read', () => {
    expect(readDoorOpen({ home_flag: -1058546177 }, model('BL-P001'), '01.06.99.00')).toBeNull();
    expect(readDoorOpen({ home_flag: -1058546177 }, model('BL-P001'), '01.07.00.00')).toBe(true);
    expect(readDoorOpen({ home_flag: -1058546177 }, model('C13'), '01.01.01.00')).toBeNull();
    expect(readDoorOpen({ home_flag: -1058546177 }, model('C13'), '01.01.02.00')).toBe(true);
  });

  it.each([
    [863847839, 'ok'],
    [224477464, 'ok'],
    [-1067070064, 'ok'],
    [0, 'none'],
    [2 << 8, 'abnormal'],
    [3 << 8, 'read-only'],
  ])('%d says the storage is %s', (flags, storage) => {
    expect(readStorage({ home_flag: flags })).toBe(storage);
  });

  it('older firmware names the storage instead', () => {
    expect(readStorage({ sdcard: true })).toBe('ok');
    expect(readStorage({ sdcard: false })).toBe('none');
    expect(readStorage({ sdcard: 'HAS_SDCARD_NORMAL' })).toBe('ok');
    expect(readStorage({ sdcard: 'HAS_SDCARD_ABNORMAL' })).toBe('abnormal');
    expect(readStorage({ sdcard: 'HAS_SDCARD_READONLY' })).toBe('read-only');
    expect(readStorage({ sdcard: 'NO_SDCARD' })).toBe('none');
    expect(readStorage({})).toBeNull();
  });
});

describe('a missing card', () => {
  const present = { home_flag: 0x100, sdcard: true };
  const flicker = { home_flag: 0, sdcard: true };

  it('is not believed while the other field contradicts, until it lasts', () => {
    const watch = new StorageWatch();
    watch.observe(present, 0);
    watch.observe(flicker, 1_000);
    expect(watch.storage).toBe('ok');
    watch.observe(present, 2_000);
    watch.observe(flicker, 3_000);
    watch.observe(flicker, 12_999);
    expect(watch.storage).toBe('ok');
    watch.observe(flicker, 13_000);
    expect(watch.storage).toBe('none');
  });

  it('is believed at once when the health list confirms it', () => {
    const watch = new StorageWatch();
    watch.observe(present, 0);
    watch.observe({ ...flicker, hms: [{ attr: 0x05000100, code: 0x00030007 }] }, 1);
    expect(watch.storage).toBe('none');
  });

  it.each([
    [0x00030005, 'read-only'],
    [0x00030006, 'abnormal'],
    // Full, or absent for recordings alone: the card is there.
    [0x00030004, 'ok'],
    [0x00030007, 'ok'],
  ])('a card that is there, with health code %d, is %s', (code, storage) => {
    const watch = new StorageWatch();
    watch.observe({ ...present, hms: [{ attr: 0x05000100, code }] }, 0);
    expect(watch.storage).toBe(storage);
  });

  it('is believed at once when both say so', () => {
    const watch = new StorageWatch();
    watch.observe(present, 0);
    watch.observe({ home_flag: 0, sdcard: false }, 1);
    expect(watch.storage).toBe('none');
  });
});

describe('the network', () => {
  it.each([
    ['-48dBm', -48],
    ['-48', -48],
    [-48, -48],
    ['-90dBm', null],
    ['good', null],
    [undefined, null],
  ])('signal %j is %j', (raw, dbm) => {
    expect(readWifi({ wifi_signal: raw })).toBe(dbm);
  });

  it('an address is a number with its first byte lowest', () => {
    expect(readAddress({ net: { conf: 0, info: [{ ip: 1644210368 }] } })).toBe('192.168.0.98');
  });

  it('is that of the cable where it is in use', () => {
    const info = [{ ip: 1644210368 }, { ip: 0x15c8a8c0 }];
    expect(readAddress({ net: { conf: 17, info } })).toBe('192.168.200.21');
    expect(readAddress({ net: { conf: 16, info } })).toBe('192.168.0.98');
    expect(readAddress({ net: { conf: 16, info: [{ ip: 0 }, { ip: 0 }] } })).toBeNull();
  });

  it('is wired or not where the machine says so', () => {
    expect([17, 16, 0].map((conf) => readWired({ net: { conf } }))).toEqual([true, false, false]);
    expect(readWired({ net: {} })).toBeNull();
    expect(readWired({ home_flag: 1 << 18 })).toBeNull();
  });
});

describe('a firmware update', () => {
  it.each([
    ['IDLE', false],
    ['UPGRADE_SUCCESS', false],
    ['UPGRADE_FAIL', false],
    ['', false],
    ['DOWNLOADING', true],
    ['UPGRADING', true],
  ])('with status %j runs: %j', (status, upgrading) => {
    expect(readUpgrading({ upgrade_state: { status } })).toBe(upgrading);
  });

  it('does not run when nothing is said', () => {
    expect(readUpgrading({})).toBe(false);
  });
});

describe('stages', () => {
  it('fault-31: idle numbers differ by model and mean no stage', () => {
    expect(currentStage(-1, false)).toBeNull();
    expect(currentStage(255, false)).toBeNull();
    expect(currentStage(0, false)).toBeNull();
  });

  it('fault-31: 0 is a stage only while a print is on', () => {
    expect(currentStage(0, isPrinting('RUNNING'))).toBe(0);
    expect(stageText(0)).toBe('printing');
  });

  it('numbers nobody knows are shown as such', () => {
    expect(stageText(currentStage(999, true))).toBe('stage 999');
    expect(stageText(null)).toBe('');
  });
});

describe('two nozzles', () => {
  it('are told by the number of extruders, and the one in use by its bits', () => {
    const info = [{ id: 0 }, { id: 1 }];
    const read = (state: number) => readExtruders({ device: { extruder: { info, state } } });
    expect(read(2)).toMatchObject({ active: 0 });
    expect(read(274)).toMatchObject({ active: 1 });
    expect(read(274).extruders).toHaveLength(2);
    // Changing over: what it changes to is what counts.
    expect(read(2 | (0xf << 4) | (1 << 8))).toMatchObject({ active: 1 });
  });

  it.each([
    [259, 7],
    [0, 0],
    [32768, 128],
    [65280, 254],
    [65024, 255],
    [65535, null],
    [65279, null],
    [(16 << 8) | 2, 66],
  ])('slot %d is tray %j', (packed, tray) => {
    expect(unpackTray(packed)).toBe(tray);
  });

  it('have numbers that machines have', () => {
    const info = [-1, 0, 8, 1e9, 'x', 1].map((id) => ({ id }));
    const { extruders } = readExtruders({ device: { extruder: { info, state: 2 } } });
    expect(extruders.map(({ id }) => id)).toEqual([0, 1]);
  });

  it('fault-36: the tray in use follows the extruder, not the local number', () => {
    const replay = new Replay('h2d');
    replay.full();
    expect(replay.state().activeTray).toBe(0);
    expect(replay.delta({ device: { extruder: { state: 2 } } }).activeTray).toBe(254);
  });

  it('the external holders carry the extruder they feed', () => {
    const holders = new Replay('h2d').full().slots.filter((slot) => slot.amsIndex === -1);
    expect(
      holders.map(({ unitId, slotIndex, tray, extruder }) => [unitId, slotIndex, tray, extruder]),
    ).toEqual([
      [255, 0, 254, 0],
      [254, 1, 255, 1],
    ]);
  });
});

describe('the tray in use where it is counted within a unit', () => {
  const units = (...ids: number[]) => ({
    ams: { ams: ids.map((id) => ({ id: String(id) })), tray_now: '2' },
  });
  const tray = (code: string, print: JsonObject) => {
    const read = modelByCode(code);
    return readActiveTray(
      print,
      readAmsUnits(print, { model: read, kinds: new Map(), twoExtruders: false }),
      read,
    );
  };

  it('belongs to the only unit with several slots', () => {
    expect(tray('N9', units(16))).toBe(66);
    expect(tray('N9', units(16, 128))).toBe(66);
    expect(tray('N7', units(1))).toBe(6);
  });

  it('belongs to the unit that the print draws on in that slot', () => {
    expect(tray('N7', { ...units(0, 1), mapping: [0, 65535, 258] })).toBe(6);
    expect(tray('N7', { ...units(0, 1), mapping: [258, 258] })).toBe(6);
    // Both units are drawn on there: nothing tells them apart.
    expect(tray('N7', { ...units(0, 1), mapping: [2, 258] })).toBe(2);
    expect(tray('N7', units(0, 1))).toBe(2);
  });

  it('is a number over all units elsewhere, and what the extruder says goes before it anywhere', () => {
    expect(tray('BL-P001', { ...units(0, 1), mapping: [258] })).toBe(2);
    const info = [{ id: 0, snow: 259 }];
    expect(tray('N7', { ...units(0, 1), device: { extruder: { info, state: 1 } } })).toBe(7);
    // A machine that names slot 0 while it feeds from outside.
    const outside = [{ id: 0, snow: 65280 }];
    expect(tray('O1S', { ...units(0), device: { extruder: { info: outside, state: 1 } } })).toBe(254);
  });
});

describe('the tray in use of a machine with one nozzle', () => {
  it.each([
    ['0', 0],
    ['15', 15],
    ['128', 128],
    ['254', 254],
    ['255', null],
    [7, 7],
    ['', null],
  ])('%j is %j', (now, tray) => {
    const replay = new Replay('a1');
    replay.full();
    expect(replay.delta({ ams: { tray_now: now } }).activeTray).toBe(tray);
  });
});

describe('AMS units', () => {
  const read = (unit: object, kinds: [number, 'ams-lite' | 'ams'][] = [], code: string | null = 'BL-P001') =>
    readAmsUnits(
      { ams: { ams: [unit] } },
      { model: code === null ? null : modelByCode(code), kinds: new Map(kinds), twoExtruders: true },
    )[0]?.state;

  it.each([
    ['1001', 'ams', 0],
    ['1101', 'ams', 1],
    ['2103', 'ams-2-pro', 1],
    ['2004', 'ams-ht', 0],
    ['142023', 'ams-2-pro', 0],
    ['2', 'ams-lite', 0],
    ['5', 'ams-lite', 0],
    ['1E01', 'ams', null],
  ])('info %s is %s on extruder %j', (info, kind, extruder) => {
    expect(read({ id: '0', info })).toMatchObject({ kind, extruder });
  });

  it('without info are what the firmware lists, then what the machine takes', () => {
    expect(read({ id: '0' }, [[0, 'ams-lite']])).toMatchObject({ kind: 'ams-lite', extruder: null });
    expect(read({ id: '0' }, [], 'N1')).toMatchObject({ kind: 'ams-lite' });
    expect(read({ id: '0' }, [], 'C12')).toMatchObject({ kind: 'ams' });
    expect(read({ id: '130' }, [], null)).toMatchObject({ kind: 'ams-ht' });
    expect(read({ id: '0' }, [], null)).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    ['2003', 'off'],
    ['2013', 'checking'],
    ['2023', 'drying'],
    ['2034', 'cooling'],
    ['2044', 'stopping'],
    ['2053', 'fault'],
    ['2063', 'runaway'],
    ['2073', 'testing'],
    ['20f3', null],
    [undefined, null],
  ])('info %j means the dryer is %j', (info, dryPhase) => {
    expect(read({ id: '0', info })).toMatchObject({ dryPhase });
  });

  it('say what they dry at, in either spelling, while they dry', () => {
    const settings = { dry_filament: 'PLA', dry_temperature: 45, dry_duration: 8 };
    const drying = { dryMinutesLeft: 90, dryTarget: 45 };
    expect(read({ id: '0', dry_time: 90, dry_setting: settings })).toMatchObject(drying);
    expect(read({ id: '0', dry_time: '90', dry_settings: settings })).toMatchObject(drying);
    expect(read({ id: '0', dry_time: 0, dry_setting: settings })).toMatchObject({
      dryMinutesLeft: 0,
      dryTarget: null,
    });
    expect(read({ id: '0', dry_time: 5, dry_setting: { dry_temperature: -1 } })).toMatchObject({
      dryTarget: null,
    });
  });

  it('show no readings while they make no sense', () => {
    expect(read({ id: '0', humidity: '0', humidity_raw: '0', temp: '0.0' })).toMatchObject({
      humidityLevel: null,
      humidityPercent: null,
      temperature: null,
    });
    expect(read({ id: '0', humidity: '9', humidity_raw: '101', temp: '250' })).toMatchObject({
      humidityLevel: null,
      humidityPercent: null,
      temperature: null,
    });
    expect(read({ id: '0', humidity: '5', humidity_raw: '8', temp: '26.2' })).toMatchObject({
      humidityLevel: 5,
      humidityPercent: 8,
      temperature: 26.2,
    });
  });
});
