import { describe, expect, it } from 'vitest';
import { errorCodeText, printErrorText, readHealth, readHealthEntry } from '../../../drivers/bambu/health.js';
import { Replay } from './reports.js';

describe('print_error', () => {
  it.each([
    [50348044, '0300_400C'],
    [83935248, '0500_C010'],
    [117473286, '0700_8006'],
    [84033543, '0502_4007'],
  ])('%d is %s', (error, code) => {
    expect(errorCodeText(error)).toBe(code);
  });

  it('fault-29: below 0x4000 is a phase and no fault', () => {
    const state = new Replay('a1').delta({ print_error: 0x05003fff });
    expect(state.print).toMatchObject({ printError: 0, errorCode: null });
    expect(state.health).toEqual([]);
  });

  it('may be negative or text', () => {
    expect(new Replay('a1').delta({ print_error: 0x8300400c | 0 }).print.errorCode).toBe('8300_400C');
    expect(new Replay('a1').delta({ print_error: '50348044' }).print.errorCode).toBe('0300_400C');
  });

  it('of an AMS says which one', () => {
    expect(printErrorText(0x07018011)?.text).toBe('AMS 2: The filament ran out.');
    expect(printErrorText(0x12008012)?.text).toMatch(/^AMS Lite 1: .*mapping/);
    expect(printErrorText(0x18038011)?.text).toBe('AMS HT 4: The filament ran out.');
    expect(printErrorText(0x07ff8011)?.text).toBe('External spool: The filament ran out.');
    expect(printErrorText(0x07fe8012)?.text).toMatch(/^Second external spool: /);
  });

  it('nobody knows is shown by its code, and its severity by convention', () => {
    const read = (error: number) => readHealth({ print_error: error })[0];
    expect(read(0x03004fff)).toMatchObject({ code: '0300_4FFF', severity: 'fatal', source: 'print-error' });
    expect(read(0x03008fff)?.severity).toBe('serious');
    expect(read(0x0300cfff)?.severity).toBe('common');
    expect(read(0x03004fff)?.message).toBe('Unknown error 0300_4FFF from the motion controller.');
    expect(read(0x05008030)?.severity).toBe('info');
  });

  it('fault-29: of a cancel is no ailment', () => {
    expect(readHealth({ print_error: 0x0300400c })).toEqual([]);
    expect(readHealth({ print_error: 0x0500400e })).toEqual([]);
  });
});

describe('hms', () => {
  it.each([
    [83887616, 131184, '0500_0600_0002_0070'],
    [201327360, 196615, '0C00_0300_0003_0007'],
    [0x05000500, 0x00010007, '0500_0500_0001_0007'],
  ])('%d and %d are %s', (attr, code, key) => {
    expect(readHealthEntry({ attr, code })?.code).toBe(key);
  });

  it('takes the severity from the code', () => {
    expect(readHealthEntry({ attr: 0x03000100, code: 0x00010001 })?.severity).toBe('fatal');
    expect(readHealthEntry({ attr: 0x03000100, code: 0x00020001 })?.severity).toBe('serious');
    expect(readHealthEntry({ attr: 201327360, code: 196615 })?.severity).toBe('common');
    expect(readHealthEntry({ attr: 0x03000100, code: 0x00040001 })?.severity).toBe('info');
  });

  it('reads hex strings as well', () => {
    expect(readHealthEntry({ attr: '05000600', code: '0x00020034' })).toMatchObject({
      code: '0500_0600_0002_0034',
      message: 'The live view camera is not connected.',
    });
  });

  it('looks past the reserved byte and the upper bits of the level', () => {
    expect(readHealthEntry({ attr: 0x0c000342, code: 0x00130008 })?.message).toBe(
      'The print may have failed (spaghetti).',
    );
  });

  it('names unit and slot of an AMS', () => {
    expect(readHealthEntry({ attr: 0x07022300, code: 0x00020001 })?.message).toBe(
      'AMS 3 slot 4: The filament ran out.',
    );
    expect(readHealthEntry({ attr: 0x12002100, code: 0x00020001 })?.message).toBe(
      'AMS Lite 1 slot 2: The filament ran out.',
    );
    expect(readHealthEntry({ attr: 0x18002000, code: 0x00020001 })?.message).toBe(
      'AMS HT 1: The filament ran out.',
    );
    expect(readHealthEntry({ attr: 0x07ff2000, code: 0x00020002 })?.message).toBe(
      'External spool: There is no filament.',
    );
  });

  it('hides what a machine without a cloud always says, and does not alarm for what nobody can explain', () => {
    expect(readHealthEntry({ attr: 0x05000200, code: 0x00020001 })).toBeNull();
    expect(readHealthEntry({ attr: 83887616, code: 131184 })?.severity).toBe('info');
  });

  it('is a complete list each time: what is not in it any more is over', () => {
    const replay = new Replay('x1c');
    expect(replay.full().health).toHaveLength(2);
    expect(replay.delta({ wifi_signal: '-50dBm' }).health).toHaveLength(2);
    expect(replay.delta({ hms: [] }).health).toEqual([]);
  });

  it('does not say the same twice and is bounded', () => {
    const hms = Array.from({ length: 500 }, (_, index) => ({
      attr: 0x03000100,
      code: 0x00020000 + (index % 250),
    }));
    const messages = readHealth({ hms });
    expect(messages).toHaveLength(64);
    expect(new Set(messages.map((message) => message.code)).size).toBe(64);
  });

  it('skips entries that are none', () => {
    expect(readHealth({ hms: [null, 1, {}, { attr: 'zz', code: 1 }, { attr: 0, code: 0 }] })).toEqual([]);
  });
});
