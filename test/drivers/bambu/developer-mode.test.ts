import { describe, expect, it } from 'vitest';
import { readDeveloperMode } from '../../../drivers/bambu/developer-mode.js';
import { readHealth } from '../../../drivers/bambu/health.js';
import { modelByCode } from '../../../drivers/bambu/models.js';

const UNSIGNED = { attr: 0x05000500, code: 0x00010007 };

function mode(
  print: object,
  code = 'C12',
  firmware: string | null = null,
  learned: 'on' | 'off' | null = null,
) {
  return readDeveloperMode(
    { ...print },
    { health: readHealth({ ...print }), model: modelByCode(code), firmware, learned },
  );
}

describe('Developer Mode', () => {
  it.each([
    ['60029FD1A3FF9CB7', 'off'],
    ['40029FD1B30F9CB7', 'off'],
    ['3EC1AFFF9CFF', 'off'],
    ['3EC18FFF9CFF', 'on'],
    ['4023FF18FFF9CB3', 'on'],
    ['11A30F9CFB', 'off'],
    ['100d122002fbd', 'off'],
  ])('fun %s is %s', (fun, expected) => {
    expect(mode({ fun })).toBe(expected);
  });

  it('fun may be a number', () => {
    expect(mode({ fun: 0x20000000 })).toBe('off');
    expect(mode({ fun: 0 })).toBe('on');
  });

  it('fault-41: a health message outranks everything', () => {
    expect(mode({ fun: '3EC18FFF9CFF', hms: [UNSIGNED] }, 'C12', '01.00.00.00', 'on')).toBe('off');
  });

  it('fun outranks what an acknowledgement proved', () => {
    expect(mode({ fun: '3EC1AFFF9CFF' }, 'C12', null, 'on')).toBe('off');
  });

  it('an acknowledgement proves it where the firmware says nothing', () => {
    expect(mode({}, 'C12', '01.08.02.00', 'on')).toBe('on');
    expect(mode({}, 'C12', '01.08.02.00', 'off')).toBe('off');
  });

  it.each([
    ['C12', '01.08.01.99', 'on'],
    ['C12', '01.08.02.00', 'unknown'],
    ['C12', '01.10.00.00', 'unknown'],
    ['N2S', '01.04.02.00', 'on'],
    ['N2S', '01.05.00.00', 'unknown'],
    ['BL-P001', '01.08.50.31', 'on'],
    ['BL-P001', '01.08.50.32', 'unknown'],
    ['BL-P001', '99.00.01.00', 'on'],
    ['C13', '01.00.00.00', 'unknown'],
    ['N7', '01.00.00.00', 'unknown'],
    ['C12', 'beta', 'unknown'],
  ])('%s with firmware %s is %s', (code, firmware, expected) => {
    expect(mode({}, code, firmware)).toBe(expected);
  });
});
