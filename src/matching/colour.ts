/** A colour in CIE Lab under D65, where distance follows the eye. */
export interface Lab {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

/** No two sRGB colours lie further apart than this. */
export const MAX_DISTANCE = 260;

/**
 * Reads `RRGGBB` or `RRGGBBAA`, with or without `#`; of several joined by `;` the first counts.
 *
 * @returns null when the text is no colour, or is transparent black, which printers report for "not known".
 */
export function parseColour(text: string): Lab | null {
  const match = /^#?([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(text.split(';', 1)[0]?.trim() ?? '');
  const rgb = match?.[1];
  if (rgb === undefined || (rgb === '000000' && match?.[2] === '00')) return null;
  const value = Number.parseInt(rgb, 16);
  return toLab((value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}

/** CIE 1976 colour difference: about 2 is just noticeable. An unknown colour is as far as any can be. */
export function colourDistance(one: Lab | null, other: Lab | null): number {
  if (one === null || other === null) return MAX_DISTANCE;
  return Math.hypot(one.l - other.l, one.a - other.a, one.b - other.b);
}

function toLab(red: number, green: number, blue: number): Lab {
  const r = linear(red);
  const g = linear(green);
  const b = linear(blue);
  const x = lightness((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = lightness(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = lightness((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return { l: 116 * y - 16, a: 500 * (x - y), b: 200 * (y - z) };
}

function linear(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function lightness(value: number): number {
  return value > 216 / 24389 ? Math.cbrt(value) : (841 / 108) * value + 4 / 29;
}
