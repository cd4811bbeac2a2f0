import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from '../../src/matching/assignment.js';

const FORBIDDEN = Number.POSITIVE_INFINITY;

/** The least sum over every way of giving rows distinct columns. */
function leastSum(
  costs: readonly (readonly number[])[],
  used: ReadonlySet<number> = new Set(),
  row = 0,
): number {
  const line = costs[row];
  if (line === undefined) return 0;
  return Math.min(
    FORBIDDEN,
    ...line.map((cost, column) =>
      used.has(column) || cost === FORBIDDEN
        ? FORBIDDEN
        : cost + leastSum(costs, new Set([...used, column]), row + 1),
    ),
  );
}

const costsArb = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(
      fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 50 }) }, fc.constant(FORBIDDEN)), {
        minLength: columns,
        maxLength: columns,
      }),
      { minLength: rows, maxLength: rows },
    ),
  );

describe('assign', () => {
  it('finds the least sum, or proves that rows compete for too few columns', () => {
    fc.assert(
      fc.property(costsArb, (costs) => {
        const best = leastSum(costs);
        const result = assign(costs);
        expect(result.feasible).toBe(best < FORBIDDEN);
        if (result.feasible) {
          expect(new Set(result.columnOf).size).toBe(costs.length);
          const sum = costs.reduce(
            (total, line, row) => total + (line[result.columnOf[row] ?? -1] ?? FORBIDDEN),
            0,
          );
          expect(sum).toBe(best);
        } else {
          expect(result.rows.length).toBe(result.columns.length + 1);
          for (const row of result.rows) {
            for (const [column, cost] of (costs[row] ?? []).entries()) {
              if (cost < FORBIDDEN) expect(result.columns).toContain(column);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('moves an earlier row to make room for a later one', () => {
    expect(
      assign([
        [1, 2],
        [1, FORBIDDEN],
      ]),
    ).toEqual({ feasible: true, columnOf: [1, 0] });
  });
});
