import { describe, expect, it } from 'vitest';
import type { SlotState } from '../../../drivers/driver.js';
import { printOf, Replay } from './reports.js';

function slot(replay: Replay, tray: number): SlotState {
  const found = replay.state().slots.find((candidate) => candidate.tray === tray);
  if (found === undefined) throw new Error(`no slot with tray ${tray}`);
  return found;
}

function trayDelta(unitId: string, tray: object, more: object = {}): { ams: object } {
  return { ams: { ams: [{ id: unitId, tray: [tray] }], ...more } };
}

function started(name: 'x1c' | 'a1' | 'h2d' | 'p1p' = 'x1c'): Replay {
  const replay = new Replay(name);
  replay.full();
  return replay;
}

describe('units and slots of a change', () => {
  it('pain-30: fact-05: leave what is not listed as it is', () => {
    const replay = started();
    replay.delta(trayDelta('0', { id: '1', remain: 11 }));
    expect(slot(replay, 1)).toMatchObject({ remain: 11, type: 'PLA', brand: 'PLA Matte' });
    expect(slot(replay, 0).remain).toBe(64);
    expect(slot(replay, 128).type).toBe('PA-CF');
    expect(replay.state().amsUnits).toHaveLength(3);
  });

  it('are the same whether ids are numbers or text', () => {
    const replay = started();
    replay.delta({ ams: { ams: [{ id: 0, tray: [{ id: 1, remain: 10 }] }] } });
    expect(slot(replay, 1).remain).toBe(10);
    expect(replay.state().slots).toHaveLength(10);
  });

  it('may be missing altogether', () => {
    const replay = started();
    replay.delta({ ams: { tray_now: '3' } });
    expect(replay.state().amsUnits).toHaveLength(3);
    expect(slot(replay, 0).loaded).toBe(true);
  });

  it('take remain, k and cali_idx as they come, zero and -1 included', () => {
    const replay = started();
    replay.delta(trayDelta('0', { id: '0', remain: 0, k: 0, cali_idx: -1 }));
    expect(slot(replay, 0).remain).toBe(0);
    replay.delta(trayDelta('0', { id: '0', remain: -1 }));
    expect(slot(replay, 0).remain).toBe(-1);
  });

  it('do not lose a known tag to blank ones', () => {
    const replay = started();
    replay.delta(trayDelta('0', { id: '0', tag_uid: '0000000000000000', tray_uuid: '', remain: 60 }));
    expect(slot(replay, 0)).toMatchObject({ tagUid: 'A1B2C3D400000100', remain: 60 });
    expect(slot(replay, 0).trayUuid).not.toBeNull();
  });

  it('take another tag', () => {
    const replay = started();
    replay.delta(trayDelta('0', { id: '0', tag_uid: 'FFB2C3D400000100' }));
    expect(slot(replay, 0).tagUid).toBe('FFB2C3D400000100');
  });
});

describe('a slot with its id alone', () => {
  it('pain-30, fault-10: means nothing among changes', () => {
    const replay = started();
    replay.delta({ ams: { ams: [{ id: '0', tray: [{ id: '0' }, { id: '1' }, { id: '2' }, { id: '3' }] }] } });
    expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA', color: 'FFFFFFFF' });
  });

  it('means empty in a full report', () => {
    const replay = started('a1');
    const print = printOf('a1');
    replay.apply({
      print: {
        ...print,
        ams: { ...Object(print.ams), ams: [{ id: '0', tray: [{ id: '0' }] }], tray_exist_bits: 'a' },
      },
    });
    expect(slot(replay, 0)).toMatchObject({ loaded: false, type: '', color: '' });
    expect(slot(replay, 1).loaded).toBe(true);
  });
});

describe('a slot is cleared', () => {
  it('by an explicitly empty type', () => {
    const replay = started();
    replay.delta(trayDelta('0', { id: '2', tray_type: '', tray_color: '', remain: 0 }));
    expect(slot(replay, 2)).toMatchObject({ type: '', color: '', infoIdx: '', tagUid: null, remain: -1 });
  });

  it('by a state without the spool bit', () => {
    for (const state of [0, 8, 10]) {
      const replay = started();
      replay.delta(trayDelta('0', { id: '0', state }, { tray_exist_bits: '100ae' }));
      expect(slot(replay, 0)).toMatchObject({ loaded: false, type: '' });
    }
  });

  it('not by a state with the spool bit', () => {
    for (const state of [3, 9, 11, 27]) {
      const replay = started();
      replay.delta(trayDelta('0', { id: '0', state }));
      expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA' });
    }
  });

  it('fault-12: not by state 9 of a one-slot unit, which is how a loaded one looks', () => {
    const replay = started();
    replay.delta(trayDelta('128', { id: '0', state: 9 }));
    expect(slot(replay, 128)).toMatchObject({ loaded: true, type: 'PA-CF', remain: 51 });
  });

  it('by its presence bit, with no other word', () => {
    const replay = started();
    replay.delta({ ams: { tray_exist_bits: '100ad' } });
    expect(slot(replay, 1)).toMatchObject({ loaded: false, type: '', tagUid: null });
    replay.delta({ ams: { tray_exist_bits: '100af' } });
    expect(slot(replay, 1)).toMatchObject({ loaded: true, type: '', tagUid: null });
  });

  it('by the bit of a one-slot unit, which lies at 16 and up', () => {
    const replay = started();
    replay.delta({ ams: { tray_exist_bits: 'af' } });
    expect(slot(replay, 128).loaded).toBe(false);
  });
});

describe('an AMS that is empty all at once', () => {
  const EMPTY = { ams: { tray_exist_bits: '0', power_on_flag: false } };

  it('fault-11: is not believed at first: a printer that shuts down says the same', () => {
    const replay = started();
    replay.delta(EMPTY, 1);
    replay.delta({ wifi_signal: '-60dBm' }, 5);
    expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA' });
  });

  it('is believed after ten seconds of the same session', () => {
    const replay = started();
    replay.delta(EMPTY, 1);
    replay.delta({ wifi_signal: '-60dBm' }, 10.9);
    expect(slot(replay, 0).loaded).toBe(true);
    replay.delta({ wifi_signal: '-61dBm' }, 11);
    expect(replay.state().slots.filter((candidate) => candidate.loaded)).toEqual([]);
  });

  it('is forgotten when the bits come back', () => {
    const replay = started();
    replay.delta(EMPTY, 1);
    replay.delta({ ams: { tray_exist_bits: '100af' } }, 4);
    replay.delta({ wifi_signal: '-60dBm' }, 60);
    expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA' });
  });

  it('is believed at once in a full report that was asked for', () => {
    const replay = started('a1');
    replay.tree.noteFullReportRequested();
    const print = printOf('a1');
    replay.apply({
      print: {
        ...print,
        ams: {
          ...Object(print.ams),
          ams: [{ id: '0', tray: [{ id: '0' }, { id: '1' }, { id: '2' }, { id: '3' }] }],
          tray_exist_bits: '0',
        },
      },
    });
    expect(slot(replay, 0)).toMatchObject({ loaded: false, type: '' });
  });

  it('is believed at once where the power-up setting is on', () => {
    const replay = started();
    replay.delta({ ams: { tray_exist_bits: '0', power_on_flag: true } }, 1);
    expect(slot(replay, 0).loaded).toBe(false);
  });

  it('does not count as confirmed by another connection', () => {
    const replay = started();
    replay.delta(EMPTY, 1);
    replay.tree.beginConnection();
    replay.delta({ wifi_signal: '-60dBm' }, 60);
    expect(slot(replay, 0).loaded).toBe(true);
  });

  it('keeps the contents when the shutting-down report also blanks the slots', () => {
    const replay = started();
    const bare = ['0', '1', '2', '3'].map((id) => ({ id, tray_type: '', state: 0 }));
    replay.delta({ ams: { ams: [{ id: '0', tray: bare }], ams_exist_bits: '0', ...EMPTY.ams } }, 1);
    replay.delta({ ams: { tray_exist_bits: '100af', ams_exist_bits: '13' } }, 3);
    expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA', brand: 'PLA Basic' });
    expect(replay.state().amsUnits).toHaveLength(3);
  });
});

describe('a unit', () => {
  it('leaves only when its bit is cleared', () => {
    const replay = started();
    replay.delta({ ams: { ams: [{ id: '0', temp: '30.0' }] } });
    expect(replay.state().amsUnits.map((unit) => unit.unitId)).toEqual([0, 1, 128]);
    replay.delta({ ams: { ams_exist_bits: '3' } });
    expect(replay.state().amsUnits.map((unit) => unit.unitId)).toEqual([0, 1]);
  });

  it('appears when it is listed', () => {
    const replay = started('p1p');
    expect(replay.state().amsUnits).toEqual([]);
    replay.delta({
      ams: {
        ams: [
          {
            id: '0',
            humidity: '4',
            temp: '24.5',
            tray: [{ id: '0', tray_type: 'PLA', tray_color: 'ff0000ff' }],
          },
        ],
        ams_exist_bits: '1',
        tray_exist_bits: '1',
      },
    });
    expect(slot(replay, 0)).toMatchObject({ loaded: true, type: 'PLA', color: 'FF0000FF' });
    expect(replay.state().amsUnits[0]).toMatchObject({ unitId: 0, kind: 'ams', humidityLevel: 4 });
  });
});

describe('the flags of a slot', () => {
  it.each([
    [11, true, true],
    [27, true, true],
    [9, true, false],
    [3, true, null],
    [10, false, null],
    [0, false, null],
  ])('%d: loaded %j, identified %j', (state, loaded, identified) => {
    const replay = started();
    const bits = loaded ? '100af' : '100ae';
    replay.delta(trayDelta('0', { id: '0', state }, { tray_exist_bits: bits }));
    expect(slot(replay, 0)).toMatchObject({ loaded, identified });
  });
});
