/** Spoils reports on their way out (docs/protocol.md §5.1: what a reader must survive). */
import { FAULTS } from './faults.js';
import { isObject, type Json, type JsonObject } from './json.js';
import type { Machine } from './machine.js';

/** Falsifies the content; what the machine knows of itself stays true. */
export function spoil(report: JsonObject, machine: Machine): JsonObject {
  const { faults } = machine;
  const spoilt: Record<string, Json> = { ...report };
  const isDelta = report.msg === 1;
  if (isDelta && faults.take(FAULTS.amsIdOnlyDelta) !== null) {
    spoilt.ams = {
      ams: machine.ams.units.map((unit) => ({
        id: String(unit.id),
        tray: unit.slots.map((_, slot) => ({ id: String(slot) })),
      })),
    };
  }
  const hot = machine.ams.units.find((unit) => unit.id >= 128);
  if (isDelta && hot !== undefined && faults.take(FAULTS.amsHtState9) !== null) {
    spoilt.ams = { ams: [{ id: String(hot.id), tray: [{ id: '0', state: 9 }] }] };
  }
  if (faults.take(FAULTS.amsZeroBitsShutdown) !== null) {
    const ams = isObject(spoilt.ams) ? spoilt.ams : {};
    spoilt.ams = { ...ams, ams_exist_bits: '0', tray_exist_bits: '0', power_on_flag: false };
  }
  const omit = faults.take(FAULTS.reportOmit);
  for (const key of omit?.keys ?? []) delete spoilt[key];
  return faults.take(FAULTS.reportBadTypes) === null ? spoilt : badTypes(spoilt);
}

/** Spoils the bytes. */
export function encode(message: JsonObject, machine: Machine): Buffer {
  const { faults } = machine;
  const clean = Buffer.from(JSON.stringify(message), 'utf8');
  if (faults.take(FAULTS.reportEmpty) !== null) return Buffer.alloc(0);
  if (faults.take(FAULTS.reportTruncated) !== null) return clean.subarray(0, clean.length >> 1);
  if (faults.take(FAULTS.reportTrailingNul) !== null) return Buffer.concat([clean, Buffer.alloc(4)]);
  if (faults.take(FAULTS.reportNonUtf8) !== null) {
    // Before the closing braces of the print object and the message.
    const stray = Buffer.from(',"device_note":"\xff\xfe\xc3"', 'latin1');
    return Buffer.concat([clean.subarray(0, -2), stray, clean.subarray(-2)]);
  }
  return clean;
}

/** Numbers become text and text that is a number becomes one; layer_num becomes nonsense, HMS numbers hex. */
function badTypes(report: JsonObject): JsonObject {
  const kept = new Set(['msg', 'command', 'sequence_id']);
  const swapped = Object.entries(report).map(([key, value]): [string, Json] => {
    if (kept.has(key)) return [key, value];
    if (key === 'layer_num') return [key, 'n/a'];
    if (key === 'hms' && Array.isArray(value)) return [key, value.map(hexNumbers)];
    if (typeof value === 'number') return [key, String(value)];
    if (typeof value === 'string' && /^-?\d+$/.test(value)) return [key, Number(value)];
    return [key, value];
  });
  return Object.fromEntries(swapped);
}

function hexNumbers(message: Json): Json {
  if (!isObject(message)) return message;
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      typeof value === 'number' ? value.toString(16).padStart(8, '0') : value,
    ]),
  );
}
