import { randomUUID } from 'node:crypto';
import { type JsonObject, readObject } from './coerce.js';
import { parseText, trimmedLength } from './payload.js';

const NEEDLE = Buffer.from('"ams":');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Stands for the `ams` part while the rest is read. No printer knows it. */
const PLACEHOLDER = randomUUID();
const PLACEHOLDER_TEXT = JSON.stringify(PLACEHOLDER);

interface AmsPart {
  readonly bytes: Buffer;
  readonly value: JsonObject;
}

/**
 * Reads the messages of one printer. More than half of a full report is its `ams` part, which says the same for
 * minutes: while its bytes are those of the last one, it is not read again and comes back as the same object.
 *
 * Why that is sound: in a JSON text `"ams":` followed by a brace is nothing but a key and the beginning of an object,
 * for a quote inside a text would have a backslash before it. A whole value may be exchanged for another without
 * changing how the rest is read, and where it stood shows afterwards. Whatever does not fit is read as a whole.
 */
export class ReportDecoder {
  #kept: AmsPart | null = null;

  /** @returns what `decodePayload` gives. The `ams` part belongs to the decoder: it must not be written to. */
  decode(payload: Buffer): JsonObject | null {
    const length = trimmedLength(payload);
    if (length === 0) return null;
    return this.#inParts(payload, length) ?? parseText(payload.toString('utf8', 0, length));
  }

  #inParts(payload: Buffer, length: number): JsonObject | null {
    const start = beginningOf(payload);
    if (start === null) return null;
    const part = this.#startsWithKept(payload, start) ?? readPart(payload, start, length);
    if (part === null) return null;
    const before = payload.toString('utf8', 0, start);
    const after = payload.toString('utf8', start + part.bytes.length, length);
    const message = parseText(before + PLACEHOLDER_TEXT + after);
    const print = readObject(message?.print);
    if (print === null || print.ams !== PLACEHOLDER) return null;
    print.ams = part.value;
    this.#kept = part;
    return message;
  }

  #startsWithKept(payload: Buffer, start: number): AmsPart | null {
    const kept = this.#kept;
    if (kept === null) return null;
    const end = start + kept.bytes.length;
    return end <= payload.length && kept.bytes.compare(payload, start, end) === 0 ? kept : null;
  }
}

function beginningOf(payload: Buffer): number | null {
  const found = payload.indexOf(NEEDLE);
  if (found < 0) return null;
  let start = found + NEEDLE.length;
  while (payload[start] === 0x20) start += 1;
  return payload[start] === OPENING ? start : null;
}

function readPart(payload: Buffer, start: number, length: number): AmsPart | null {
  const end = endOfObject(payload, start, length);
  const value = end === null ? null : parseText(payload.toString('utf8', start, end));
  if (end === null || value === null) return null;
  // A copy, because the payload is part of what was read from the network.
  return { bytes: Buffer.from(payload.subarray(start, end)), value };
}

/** Behind the brace that closes the object beginning here; null when none does. */
function endOfObject(payload: Buffer, start: number, length: number): number | null {
  let depth = 0;
  let inText = false;
  for (let index = start; index < length; index += 1) {
    const byte = payload[index];
    if (inText) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPENING) {
      depth += 1;
    } else if (byte === CLOSING) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return null;
}
