import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readSuffixes, type SuffixedOption } from '../../src/domain/sku-suffixes.js';

/** `{ Colour: { Red: ['-RD'] } }` as options in that order. */
function options(
  given: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
): SuffixedOption[] {
  return Object.entries(given).map(([name, values]) => ({
    id: `id of ${name}`,
    name,
    values: Object.entries(values).map(([value, suffixes]) => ({
      id: `id of ${value}`,
      name: value,
      suffixes,
    })),
  }));
}

/** What was read, as `Red Small`. */
function read(text: string, of: readonly SuffixedOption[]): string | null {
  const found = readSuffixes(text, of);
  return found === null || found === 'ambiguous' ? found : found.map(({ value }) => value).join(' ');
}

const SHIRT = options({
  Colour: { Red: ['-RD', '-RED'], Blue: ['-BL', '-BLUE'] },
  Size: { Small: ['-S'], Medium: ['-M'] },
});

describe('suffixes of a SKU code', () => {
  it.each([
    ['-RD-M', 'Red Medium'],
    ['-RED-S', 'Red Small'],
    ['-M-RD', null],
    ['-RD', null],
    ['-RD-M-M', null],
    ['-rd-M', null],
    ['', null],
  ])('%s means %s', (text, meant) => {
    expect(read(text, SHIRT)).toBe(meant);
  });

  it('say what stands for them', () => {
    expect(readSuffixes('-BLUE-S', SHIRT)?.at(0)).toEqual({
      optionId: 'id of Colour',
      optionName: 'Colour',
      value: 'Blue',
      valueId: 'id of Blue',
      suffix: '-BLUE',
    });
  });

  it('are read the longest first, and shorter where the rest could not be read', () => {
    const of = options({ First: { Short: ['A'], Long: ['AB'] }, Second: { B: ['B'], C: ['C'], BC: ['BC'] } });
    expect(read('ABC', of)).toBe('Long C');
    expect(read('AB', of)).toBe('Short B');
    expect(read('ABBC', of)).toBe('Long BC');
  });

  it('mean nothing when one stands for two values', () => {
    expect(read('-X', options({ Colour: { Red: ['-X'], Blue: ['-X', '-Y'] } }))).toBe('ambiguous');
    expect(read('-Y', options({ Colour: { Red: ['-X'], Blue: ['-X', '-Y'] } }))).toBe('Blue');
  });

  it('without any value that the SKU offers are not read', () => {
    expect(read('-X', options({ Colour: {} }))).toBeNull();
    expect(read('', options({ Colour: {} }))).toBeNull();
  });

  it('that overlap without end cost no more than their number', () => {
    const same = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`Option ${index}`, { One: ['a'], Two: ['aa'] }]),
    );
    expect(read(`${'a'.repeat(90)}b`, options(same))).toBeNull();
  });

  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 3 });
  const option = fc.array(fc.uniqueArray(word, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  });

  test('put together in order are always read, to the last letter', () => {
    fc.assert(
      fc.property(fc.array(option, { minLength: 1, maxLength: 4 }), fc.nat(), (words, seed) => {
        const of = options(
          Object.fromEntries(
            words.map((values, index) => [
              `Option ${index}`,
              Object.fromEntries(values.map((suffixes, value) => [`${index}.${value}`, suffixes])),
            ]),
          ),
        );
        const chosen = of.map(({ values }) => {
          const { suffixes } = values[seed % values.length] ?? { suffixes: [] };
          return suffixes[seed % suffixes.length] ?? '';
        });
        const found = readSuffixes(chosen.join(''), of);
        expect(found).not.toBeNull();
        if (found === 'ambiguous' || found === null) return;
        expect(found.map(({ suffix }) => suffix).join('')).toBe(chosen.join(''));
        expect(found.map(({ optionId }) => optionId)).toEqual(of.map(({ id }) => id));
        for (const [index, { valueId, suffix }] of found.entries())
          expect(of[index]?.values.find(({ id }) => id === valueId)?.suffixes).toContain(suffix);
      }),
    );
  });
});
