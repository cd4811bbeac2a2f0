/** First and last byte, both inside. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header for a representation of `totalBytes` (RFC 9110 §14).
 * @returns the range; null when there is none to honour (absent, another unit, several ranges, nonsense: answer
 *   200 with everything); `unsatisfiable` when it lies outside (answer 416)
 */
export function parseRange(
  header: string | undefined,
  totalBytes: number,
): ByteRange | 'unsatisfiable' | null {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '');
  const [first = '', last = ''] = match?.slice(1) ?? [];
  if (first === '') return last === '' ? null : suffix(Number(last), totalBytes);
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return null;
  if (start >= totalBytes) return 'unsatisfiable';
  return { start, end: Math.min(end, totalBytes - 1) };
}

function suffix(length: number, totalBytes: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || totalBytes === 0) return 'unsatisfiable';
  return { start: Math.max(0, totalBytes - length), end: totalBytes - 1 };
}

/** Value of `Content-Range` for a 206 or, without a range, for a 416. */
export function contentRange(range: ByteRange | null, totalBytes: number): string {
  return range === null ? `bytes */${totalBytes}` : `bytes ${range.start}-${range.end}/${totalBytes}`;
}
