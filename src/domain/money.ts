/** A decimal number without rounding: `digits` divided by ten to the power of `places`. */
export interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

export const ZERO: Decimal = { digits: 0n, places: 0 };

/** The number as it is written: 0.1 is a tenth, not the binary fraction nearest to it. */
export function decimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places };
}

export function times(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, places: a.places + b.places };
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const places = Math.max(a.places, b.places);
  return { digits: scaled(a, places) + scaled(b, places), places };
}

/** Places of an amount of money. */
const MONEY_PLACES = 4;

/** An amount of money: four places, halves away from zero. */
export function money(amount: Decimal): Decimal {
  const { digits, places } = amount;
  if (places <= MONEY_PLACES) return { digits: scaled(amount, MONEY_PLACES), places: MONEY_PLACES };
  const unit = 10n ** BigInt(places - MONEY_PLACES);
  const half = digits < 0n ? -unit / 2n : unit / 2n;
  return { digits: (digits + half) / unit, places: MONEY_PLACES };
}

/** The number nearest to it, as JSON carries it. */
export function toNumber({ digits, places }: Decimal): number {
  return Number(`${digits}e-${places}`);
}

function scaled({ digits, places }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - places);
}
