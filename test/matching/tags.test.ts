import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTag, satisfiesTag, type TagMode } from '../../src/matching/tags.js';

const PREFIX: Record<TagMode, string> = { all: '&=', any: '|=', none: '!=' };

/** Writes values so that only the grammar's own rules give them back. */
function write(values: readonly string[], separators: readonly string[]): string {
  return values
    .map((value, at) => {
      const escaped = value.replace(/[\\,|\s]/g, (char) => `\\${char}`);
      return at === 0 ? escaped : `${separators[at % separators.length] ?? ','}${escaped}`;
    })
    .join('');
}

const values = fc.array(fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }), { maxLength: 5 });
const separators = fc.array(fc.constantFrom(',', '|', ' , ', ' | '), { minLength: 1, maxLength: 3 });
const modes = fc.constantFrom<TagMode[]>('all', 'any', 'none');

describe('parseTag', () => {
  it.each([
    ['a', 'all', { mode: 'all', values: ['a'] }],
    ['a|b', 'all', { mode: 'all', values: ['a', 'b'] }],
    ['a,b', 'any', { mode: 'any', values: ['a', 'b'] }],
    ['&=a,b', 'any', { mode: 'all', values: ['a', 'b'] }],
    ['|=a|b', 'all', { mode: 'any', values: ['a', 'b'] }],
    [' != a , b c ', 'all', { mode: 'none', values: ['a', 'b c'] }],
    ['a\\,b|c\\|d', 'all', { mode: 'all', values: ['a,b', 'c|d'] }],
    ['\\&=a', 'all', { mode: 'all', values: ['&=a'] }],
    ['a\\ ', 'all', { mode: 'all', values: ['a '] }],
    [' ,|, ', 'all', { mode: 'all', values: [] }],
    ['a\\', 'all', { mode: 'all', values: ['a\\'] }],
    ['PLA', 'any', { mode: 'any', values: ['PLA'] }],
  ] as const)('reads %j', (text, plainMode, expected) => {
    expect(parseTag(text, plainMode)).toEqual(expected);
  });

  it('gives back every list of values that was written with escapes', () => {
    fc.assert(
      fc.property(modes, values, separators, (mode, list, between) => {
        expect(parseTag(`${PREFIX[mode]}${write(list, between)}`, 'all')).toEqual({ mode, values: list });
      }),
    );
  });

  it('does not depend on which separator was used or on blanks around values', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,6}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), separators, modes, (words, between, plain) => {
        const plainMode = plain === 'any' ? 'any' : 'all';
        expect(parseTag(write(words, between), plainMode)).toEqual(parseTag(words.join('|'), plainMode));
      }),
    );
  });

  it('reads any text without failing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseTag(text, 'all').values.every((value) => value !== '')).toBe(true);
      }),
    );
  });
});

describe('satisfiesTag', () => {
  const held = fc.array(fc.constantFrom<string[]>('a', 'b', 'c'));
  const wanted = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });

  it('is all, any or none of the wanted values', () => {
    fc.assert(
      fc.property(held, wanted, (have, want) => {
        const held = new Set(have);
        const count = want.filter((value) => held.has(value)).length;
        expect(satisfiesTag({ mode: 'all', values: want }, held)).toBe(count === want.length);
        expect(satisfiesTag({ mode: 'any', values: want }, held)).toBe(count > 0);
        expect(satisfiesTag({ mode: 'none', values: want }, held)).toBe(count === 0);
      }),
    );
  });

  it('asks for nothing when there are no values', () => {
    for (const mode of ['all', 'any', 'none'] as const) {
      expect(satisfiesTag({ mode, values: [] }, new Set())).toBe(true);
    }
  });
});
