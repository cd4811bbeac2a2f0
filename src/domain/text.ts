/** A text that says something; null for none, for blanks and for whatever else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}
