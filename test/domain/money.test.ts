import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, money, plus, times, toNumber, ZERO } from '../../src/domain/money.js';

const product = (a: number, b: number) => toNumber(money(times(decimal(a), decimal(b))));

describe('money', () => {
  it('is what stands there, not the binary fraction nearest to it', () => {
    expect(toNumber(plus(decimal(0.1), decimal(0.2)))).toBe(0.3);
    expect(product(1.1, 1.1)).toBe(1.21);
    expect(product(1.005, 1000)).toBe(1005);
    expect(toNumber([0.1, 0.1, 0.1].map(decimal).reduce(plus, ZERO))).toBe(0.3);
  });

  it('has four places, halves away from zero', () => {
    expect(product(0.00005, 1)).toBe(0.0001);
    expect(product(-0.00005, 1)).toBe(-0.0001);
    expect(product(0.000049999, 1)).toBe(0);
    expect(product(1.00015, 1)).toBe(1.0002);
    expect(product(1.00014, 1)).toBe(1.0001);
  });

  it('takes numbers in every form in which they are written', () => {
    expect(toNumber(decimal(1e21))).toBe(1e21);
    expect(toNumber(decimal(1.5e-7))).toBe(1.5e-7);
    expect(toNumber(decimal(-0))).toBe(0);
    expect(product(1e9, 1e9)).toBe(1e18);
  });

  it('says every number that it is given', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(toNumber(decimal(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('multiplies and adds hundredths as integers do', () => {
    const cents = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cents, cents), { maxLength: 20 }), (lines) => {
        const sum = lines
          .map(([rate, quantity]) => times(decimal(rate / 100), decimal(quantity / 100)))
          .reduce(plus, ZERO);
        const whole = lines.reduce((total, [rate, quantity]) => total + BigInt(rate) * BigInt(quantity), 0n);
        expect(money(sum).digits).toBe(whole);
      }),
    );
  });
});
