import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotatingSeed } from '../../torture/dice.js';
import { spoiltReports, take } from '../../torture/malformed.js';

describe('reports that no printer should send', () => {
  it('make no state that is not valid, throw nothing, and are counted where nothing can be made of them', () => {
    let malformed = 0;
    const property = fc.property(spoiltReports, (spoilt) => {
      malformed += take(spoilt).malformed;
    });
    fc.assert(property, { numRuns: 150, seed: rotatingSeed() });
    expect(malformed).toBeGreaterThan(0);
  }, 60_000);
});
