/** JSON as the printers speak it, and tolerant readings of what clients send. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as text: numbers become decimal, everything else but text is ''. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** The value as a number, null when it is none. */
export function number(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

/** Parses a payload as printers do: NULs and blanks around it do not matter; null when it is no JSON object. */
export function parseObject(payload: Buffer): JsonObject | null {
  const trimmed = payload.toString('utf8').replace(/^[\s\0]+|[\s\0]+$/g, '');
  try {
    const value: unknown = JSON.parse(trimmed);
    return isObject(value) ? value : null;
  } catch {
    // Malformed JSON is what clients may send; printers ignore it, the caller logs it.
    return null;
  }
}
