/** The few DER encodings an X.509 certificate needs. */
type Part = Buffer;

export function der(tag: number, ...parts: readonly Part[]): Part {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
}

export const sequence = (...parts: readonly Part[]): Part => der(0x30, ...parts);
export const set = (...parts: readonly Part[]): Part => der(0x31, ...parts);
export const utf8 = (text: string): Part => der(0x0c, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Part => der(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (content: Part): Part => der(0x04, content);
/** Bit string; `unused` bits at the end of the last byte do not count. */
export const bits = (content: Part, unused = 0): Part => der(0x03, Buffer.from([unused]), content);
/** Context tag `[n]` around its content. */
export const explicit = (n: number, content: Part): Part => der(0xa0 | n, content);
export const NULL: Part = der(0x05);

/** Unsigned big-endian bytes as an INTEGER. */
export function integer(bytes: Part): Part {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  const negative = (trimmed[0] ?? 0) >= 0x80;
  return der(0x02, negative ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed);
}

export function oid(dotted: string): Part {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 wants. */
export function time(date: Date): Part {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : der(0x18, Buffer.from(`${digits}Z`, 'latin1'));
}

function length(size: number): Part {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let left = size; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
