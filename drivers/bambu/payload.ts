import { isObject, type JsonObject } from './coerce.js';

/** Full reports of the largest machines have some 40 kB. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const NUL = 0x00;
const SPACE = 0x20;

/**
 * Reads one message of the report topic. Firmware sends bytes that are not UTF-8, empty and truncated texts and
 * trailing NULs: bad bytes are replaced, and null means that nothing can be made of it.
 */
export function decodePayload(payload: Buffer): JsonObject | null {
  if (payload.length > MAX_PAYLOAD_BYTES) return null;
  let end = payload.length;
  while (end > 0 && isPadding(payload[end - 1])) end -= 1;
  if (end === 0) return null;
  try {
    const value: unknown = JSON.parse(payload.toString('utf8', 0, end));
    return isObject(value) ? value : null;
  } catch {
    // Counted by the caller: one bad message is normal, a stream of them is not.
    return null;
  }
}

function isPadding(byte: number | undefined): boolean {
  return byte === NUL || (byte !== undefined && byte <= SPACE);
}
