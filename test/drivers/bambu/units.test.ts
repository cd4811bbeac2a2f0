import { describe, expect, it } from 'vitest';
import { slotBit, trayNumber, unitBit } from '../../../drivers/bambu/ams-numbers.js';
import { errorCodeText, printErrorText, readHealthEntry } from '../../../drivers/bambu/health.js';
import { type FixtureName, Replay } from './reports.js';

function stateAfter(name: FixtureName, print: Record<string, unknown>) {
  const replay = new Replay(name);
  replay.full();
  return replay.delta(print);
}

describe('fact-15: units and special values', () => {
  it('remaining time is in minutes and is over with the print', () => {
    const running = { gcode_state: 'RUNNING', mc_remaining_time: 759 };
    expect(stateAfter('p1p', running).print.remainingMinutes).toBe(759);
    expect(stateAfter('p1p', { ...running, gcode_state: 'FAILED' }).print.remainingMinutes).toBeNull();
  });

  it('fans count in fifteenths', () => {
    expect(
      stateAfter('x1', { cooling_fan_speed: '15', big_fan1_speed: '3', big_fan2_speed: '0' }).fans,
    ).toMatchObject({
      part: 100,
      aux: 20,
      chamber: 0,
    });
  });

  it('packed temperatures hold the target above the current value', () => {
    const info = [
      { id: 0, temp: 16711934 },
      { id: 1, temp: 53 },
    ];
    expect(stateAfter('h2d', { device: { extruder: { info } } }).nozzles[0]).toMatchObject({
      temp: 254,
      target: 255,
    });
  });

  it('tray 254 is the external holder and 255 is none', () => {
    expect(stateAfter('a1', { ams: { tray_now: '254' } }).activeTray).toBe(254);
    expect(stateAfter('a1', { ams: { tray_now: '255' } }).activeTray).toBeNull();
  });

  it('P1 and A1 know no chamber temperature', () => {
    for (const name of ['p1p', 'p1s', 'a1', 'a1m'] as const) {
      expect(stateAfter(name, { chamber_temper: 5 }).chamberTemp).toBeNull();
    }
  });

  it('between prints the stage is -1, 255 or 0, and none of them is a stage', () => {
    for (const stg_cur of [-1, 255, 0]) {
      expect(stateAfter('a1', { gcode_state: 'IDLE', stg_cur }).print).toMatchObject({
        stage: null,
        stageText: '',
      });
    }
    expect(stateAfter('a1', { gcode_state: 'RUNNING', stg_cur: 0 }).print.stage).toBe(0);
  });
});

describe('bits of units and slots', () => {
  const units = [0, 1, 2, 3, 16, 128, 129, 135];
  const present = (bits: number) => units.filter((unit) => ((bits >> (unitBit(unit) ?? 31)) & 1) === 1);

  it.each([
    [0x17, [0, 1, 2, 128]],
    [0x1000, [16]],
    [0x11, [0, 128]],
  ])('units %d are %j', (bits, expected) => {
    expect(present(bits)).toEqual(expected);
  });

  it.each([
    [0, 3, 3, 3],
    [3, 2, 14, 14],
    [128, 0, 16, 128],
    [135, 0, 23, 135],
    [16, 3, 27, 67],
  ])('unit %d slot %d has bit %d and tray %d', (unit, slot, bit, tray) => {
    expect([slotBit(unit, slot), trayNumber(unit, slot)]).toEqual([bit, tray]);
  });
});

describe('one text for every unit and slot', () => {
  it.each([0x0700_8012, 0x0703_8012, 0x1201_8012, 0x1800_8012])('%d is a mapping that failed', (error) => {
    expect(printErrorText(error)?.text).toMatch(/mapping of the print does not fit the AMS/);
  });

  it.each([0x07ff_8011, 0x07fe_8011, 0x12ff_8011, 0x18fe_8011])(
    '%d is an external spool that ran out',
    (error) => {
      expect(printErrorText(error)?.text).toMatch(/external spool: The filament ran out/i);
      expect(errorCodeText(error)).toMatch(/^(07|12|18)F[EF]_8011$/);
    },
  );

  it.each([
    [0x0700_2000, 'AMS 1 slot 1'],
    [0x0702_2300, 'AMS 3 slot 4'],
    [0x1200_2200, 'AMS Lite 1 slot 3'],
    [0x1803_2000, 'AMS HT 4'],
    [0x12ff_2000, 'External spool'],
    [0x07fe_2000, 'Second external spool'],
  ])('attr %d is %s', (attr, place) => {
    const message = readHealthEntry({ attr, code: 0x0002_0001 });
    expect(message?.message).toBe(`${place}: The filament ran out.`);
    expect(message?.wikiCode).toMatch(/^HMS_([0-9A-F]{4}_){3}[0-9A-F]{4}$/);
  });
});
