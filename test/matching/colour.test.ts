import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourDistance, MAX_DISTANCE, parseColour } from '../../src/matching/colour.js';

const rgb = fc.nat({ max: 0xffffff }).map((value) => value.toString(16).padStart(6, '0'));

describe('parseColour', () => {
  it('gives the known coordinates of the primaries', () => {
    const red = parseColour('#FF0000');
    expect(red?.l).toBeCloseTo(53.24, 1);
    expect(red?.a).toBeCloseTo(80.09, 1);
    expect(red?.b).toBeCloseTo(67.2, 1);
    expect(parseColour('FFFFFFFF')?.l).toBeCloseTo(100, 3);
    expect(parseColour('000000FF')).toEqual({ l: 0, a: 0, b: 0 });
  });

  it('reads both spellings and the first of several colours', () => {
    expect(parseColour('#00ae42')).toEqual(parseColour('00AE42FF'));
    expect(parseColour('#00AE42FF;#FFFFFFFF')).toEqual(parseColour('#00AE42'));
  });

  it.each(['', 'red', '#FFF', '00000000', '#FF00000'])('takes %j for unknown', (text) => {
    expect(parseColour(text)).toBeNull();
  });
});

describe('colourDistance', () => {
  it('is a metric within its bound', () => {
    fc.assert(
      fc.property(rgb, rgb, rgb, (one, two, three) => {
        const [a, b, c] = [parseColour(one), parseColour(two), parseColour(three)];
        expect(colourDistance(a, a)).toBe(0);
        expect(colourDistance(a, b)).toBe(colourDistance(b, a));
        expect(colourDistance(a, b)).toBeLessThan(MAX_DISTANCE);
        expect(colourDistance(a, c)).toBeLessThanOrEqual(colourDistance(a, b) + colourDistance(b, c) + 1e-9);
      }),
    );
  });

  it('follows the eye where plain RGB does not', () => {
    const wanted = parseColour('#1E90FF');
    const near = colourDistance(wanted, parseColour('#4169E1'));
    expect(near).toBeLessThan(colourDistance(wanted, parseColour('#32CD32')));
  });

  it('puts an unknown colour furthest', () => {
    expect(colourDistance(parseColour('#FFFFFF'), null)).toBe(MAX_DISTANCE);
  });
});
