import { expect, it } from 'vitest';
import { isId, newId } from '../../src/contract/ids.js';

const MANY = 20_000;

it('ids have the form of the contract and are never the same', () => {
  const ids = Array.from({ length: MANY }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(ids.every((id) => /^[a-z]/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(MANY);
});

it('every sign stands at every place about as often as every other', () => {
  const ids = Array.from({ length: MANY }, newId);
  for (let place = 0; place < 24; place += 1) {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id.charAt(place), (counts.get(id.charAt(place)) ?? 0) + 1);
    const signs = place === 0 ? 26 : 36;
    expect(counts.size).toBe(signs);
    // Nine standard deviations: by chance this fails less than once in a million million runs.
    const expected = MANY / signs;
    for (const count of counts.values()) {
      expect(Math.abs(count - expected)).toBeLessThan(9 * Math.sqrt(expected));
    }
  }
});
