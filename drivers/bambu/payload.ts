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
  const length = trimmedLength(payload);
  return length === 0 ? null : parseText(payload.toString('utf8', 0, length));
}

/** Bytes without the padding at the end; 0 when there is nothing, or more than any report has. */
export function trimmedLength(payload: Buffer): number {
  if (payload.length > MAX_PAYLOAD_BYTES) return 0;
  let length = payload.length;
  while (length > 0 && isPadding(payload[length - 1])) length -= 1;
  return length;
}

/** A JSON object; null for anything else. */
export function parseText(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // Counted by the caller: one bad message is normal, a stream of them is not.
    return null;
  }
}

function isPadding(byte: number | undefined): boolean {
  return byte === NUL || (byte !== undefined && byte <= SPACE);
}
