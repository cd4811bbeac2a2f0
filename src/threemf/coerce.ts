/**
 * Slicers write numbers as strings, flags as words and lists as single values, depending on version.
 * These readers take any of it; what makes no sense becomes null or an empty list.
 */

/** A finite number, from a number or numeric text. */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** A finite number of zero or more. */
export function toAmount(value: unknown): number | null {
  const number = toNumber(value);
  return number === null || number < 0 ? null : number;
}

/** A whole number of zero or more. */
export function toCount(value: unknown): number | null {
  const number = toNumber(value);
  return number === null || !Number.isSafeInteger(number) || number < 0 ? null : number;
}

export function toFlag(value: unknown): boolean {
  return value === true || value === 1 || value === 'true' || value === '1';
}

/** Trimmed text; numbers become their text. Null when absent. */
export function toText(value: unknown): string | null {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

/** A list of texts: an array's members, or one value as a list of one. Members that are no text become ''. */
export function toTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((member: unknown) => toText(member) ?? '');
  const text = toText(value);
  return text === null || text === '' ? [] : [text];
}

/** Members of a list written in one attribute: `0.4,0.6`, `1 2`. */
export function splitList(text: string | null | undefined): string[] {
  return (text ?? '').split(/[\s,;]+/).filter((member) => member !== '');
}

/** `0.40` and `0.4` are one nozzle: text of the number, or the text itself when it is none. */
export function nozzleText(text: string): string {
  const number = toAmount(text);
  return number === null ? text.trim() : String(number);
}

/** `#00ae42` to `00AE42`, with or without alpha; '' for anything else. */
export function toColor(value: unknown): string {
  const text = toText(value)?.replace(/^#/, '').toUpperCase() ?? '';
  return /^[0-9A-F]{6}([0-9A-F]{2})?$/.test(text) ? text : '';
}
