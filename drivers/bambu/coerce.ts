/**
 * Tolerant reading of what a printer sends: numbers come as strings, strings as numbers, flags as either
 * (docs/protocol.md §5). Nothing here throws; what cannot be read is null.
 */

export type JsonObject = { [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object, or null. */
export function readObject(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

/** The objects of a list; anything else in it is left out. */
export function readObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The value at the end of a path of object keys; undefined where the path breaks off. */
export function readPath(root: JsonObject, ...path: readonly string[]): unknown {
  let value: unknown = root;
  for (const key of path) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** A finite number, from a number or a decimal string. */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (!DECIMAL.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** A whole number; fractions are cut off. */
export function readInteger(value: unknown): number | null {
  const number = readNumber(value);
  if (number === null) return null;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole : null;
}

/** A whole number within bounds; null outside of them. */
export function readIntegerWithin(value: unknown, low: number, high: number): number | null {
  const number = readInteger(value);
  return number !== null && number >= low && number <= high ? number : null;
}

/** A temperature, degrees Celsius; null for what no printer can be at. */
export function readCelsius(value: unknown): number | null {
  const number = readNumber(value);
  return number !== null && number >= -100 && number <= 1000 ? number : null;
}

/** An unsigned 32 bit number, also from a negative one or a decimal string. */
export function readUint32(value: unknown): number | null {
  const number = readInteger(value);
  if (number === null || number < -0x80000000 || number > 0xffffffff) return null;
  return number >>> 0;
}

/** Text, also from a number; trimmed. '' for anything else. */
export function readText(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return '';
}

export function readBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === '1' || value === 'true') return true;
  if (value === 0 || value === '0' || value === 'false') return false;
  return null;
}

const HEX = /^(0x)?[0-9a-f]{1,32}$/i;

/** Flags sent as a hex string; a JSON number is taken as it is. BigInt, because up to 63 bits occur. */
export function readHexBits(value: unknown): bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (!HEX.test(text)) return null;
  return BigInt(/^0x/i.test(text) ? text : `0x${text}`);
}

/** Whether a bit is set; the lowest is 0. */
export function hasBit(bits: bigint, bit: number): boolean {
  return ((bits >> BigInt(bit)) & 1n) === 1n;
}
