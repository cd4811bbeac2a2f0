import { describe, expect, it } from 'vitest';
import { choosePlates } from '../../src/domain/plates.js';
import { slicedMetadata } from '../../src/domain/sliced-part.js';

const file = slicedMetadata({
  plates: [
    { id: 1, name: 'Left', gcodeFile: 'Metadata/plate_1.gcode' },
    { id: 2, name: 'Right', gcodeFile: 'Metadata/plate_2.gcode', locked: true },
    { id: 3, name: 'Not sliced' },
    { id: 4, name: '1', gcodeFile: 'Metadata/plate_4.gcode' },
  ],
});

function chosen(quantities?: Record<string, number>): unknown {
  if (!file) throw new Error('The metadata was not read');
  return choosePlates(file, quantities).map(({ plate, count }) => [plate.id, count]);
}

describe('the plates of a request', () => {
  it('are all that are sliced and not locked when none is named', () => {
    expect(chosen()).toEqual([
      [1, 1],
      [4, 1],
    ]);
    expect(chosen({})).toEqual(chosen());
  });

  it('are those that are named, in the order of the file, locked or not', () => {
    expect(chosen({ Right: 2, Left: 1 })).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('are found by number before name, and add up when named twice', () => {
    expect(chosen({ '1': 3 })).toEqual([[1, 3]]);
    expect(chosen({ '4': 1, '1': 1 })).toEqual([
      [1, 1],
      [4, 1],
    ]);
    expect(chosen({ '1': 1, Left: 2 })).toEqual([[1, 3]]);
  });

  it('are none when every count is 0', () => {
    expect(chosen({ Left: 0, Right: 0 })).toEqual([]);
  });

  it.each(['Middle', '5', '3', 'Not sliced', '01', 'left', '__proto__', 'constructor'])(
    'are not made up: %s',
    (key) => {
      const quantities = JSON.parse(`{${JSON.stringify(key)}: 1}`);
      expect(() => chosen(quantities)).toThrow(/it has 1 \(Left\), 2 \(Right\), 4 \(1\)/);
    },
  );
});
