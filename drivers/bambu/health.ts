import type { HealthMessage, HealthSeverity } from '../driver.js';
import { type JsonObject, readObjects, readUint32 } from './coerce.js';
import {
  type ErrorEffect,
  HEALTH_TEXTS,
  HIDDEN_HEALTH,
  PRINT_ERROR_TEXTS,
  QUIET_CODES,
} from './error-texts.js';

/** Below this the low half is a phase of the print and no fault. */
const FIRST_FAULT = 0x4000;
const MAX_MESSAGES = 64;

/** `print_error` as an unsigned number; 0 for none and for mere phase numbers (docs/protocol.md §5.4). */
export function readPrintError(print: JsonObject): number {
  const error = readUint32(print.print_error) ?? 0;
  return (error & 0xffff) < FIRST_FAULT ? 0 : error;
}

/** `0300_400C` for 50348044. */
export function errorCodeText(error: number): string {
  return inGroups(hex8(error));
}

/** What a print error means, with its place; null when nobody says. */
export function printErrorText(error: number): { effect: ErrorEffect; text: string } | null {
  const code = errorCodeText(error);
  for (const candidate of [code, ...lessExact(code)]) {
    const found = PRINT_ERROR_TEXTS.get(candidate);
    if (found !== undefined) {
      return { effect: found.effect, text: `${placeOf(error, null)}${found.text}` };
    }
  }
  return null;
}

/** Everything wrong at this moment: the health list and the current print error. */
export function readHealth(print: JsonObject): readonly HealthMessage[] {
  const messages = new Map<string, HealthMessage>();
  const error = readPrintError(print);
  const errorMessage = error === 0 ? null : printErrorMessage(error);
  if (errorMessage !== null) messages.set(errorMessage.code, errorMessage);
  for (const entry of readObjects(print.hms)) {
    if (messages.size >= MAX_MESSAGES) break;
    const message = readHealthEntry(entry);
    if (message !== null && !messages.has(message.code)) messages.set(message.code, message);
  }
  return [...messages.values()];
}

const EFFECT_SEVERITY: Readonly<Record<ErrorEffect, HealthSeverity>> = {
  cancel: 'info',
  fail: 'fatal',
  pause: 'serious',
  refuse: 'serious',
  warn: 'common',
};

function printErrorMessage(error: number): HealthMessage | null {
  const known = printErrorText(error);
  // A cancel is how a print ended and no ailment of the printer.
  if (known?.effect === 'cancel') return null;
  const code = errorCodeText(error);
  return {
    code,
    message: known?.text ?? `Unknown error ${code}${sender(error)}.`,
    severity: known === null ? severityByConvention(error) : EFFECT_SEVERITY[known.effect],
    source: 'print-error',
    wikiCode: null,
  };
}

/** 0x4xxx ends a print, 0x8xxx pauses it, 0xCxxx asks something. */
function severityByConvention(error: number): HealthSeverity {
  if (QUIET_CODES.has(errorCodeText(error))) return 'info';
  const kind = (error >>> 12) & 0xf;
  return kind >= 0xc ? 'common' : kind >= 0x8 ? 'serious' : 'fatal';
}

const SEVERITIES: Readonly<Record<number, HealthSeverity>> = { 1: 'fatal', 2: 'serious', 3: 'common' };

/** `0500_0600_0002_0070` for an entry of `hms`; null when it is none. */
export function healthKey(entry: JsonObject): string | null {
  const attr = readHexUint32(entry.attr);
  const code = readHexUint32(entry.code);
  if (attr === null || code === null || (attr === 0 && code === 0)) return null;
  return inGroups(hex8(attr) + hex8(code));
}

/** The name of the vendor's wiki page about a health key. */
export function wikiCodeOf(key: string): string {
  return `HMS_${key}`;
}

/** One entry of `hms`, decoded; null when it is hidden or unreadable. */
export function readHealthEntry(entry: JsonObject): HealthMessage | null {
  const attr = readHexUint32(entry.attr);
  const code = readHexUint32(entry.code);
  const key = healthKey(entry);
  if (attr === null || code === null || key === null) return null;
  if (HIDDEN_HEALTH.has(key)) return null;
  return {
    code: key,
    message: healthText(attr, code) ?? `Unknown message ${key}${sender(attr)}.`,
    severity: QUIET_CODES.has(key) ? 'info' : (SEVERITIES[(code >>> 16) & 0xf] ?? 'info'),
    source: 'hms',
    wikiCode: wikiCodeOf(key),
  };
}

/** Part of the machine a code comes from, by its first byte. */
const MODULES: Readonly<Record<number, string>> = {
  3: 'motion controller',
  5: 'mainboard',
  7: 'AMS',
  8: 'toolhead',
  12: 'camera and lidar',
  18: 'AMS Lite',
  24: 'AMS HT',
};

const AMS_MODULES: readonly number[] = [0x07, 0x12, 0x18];
const RIGHT_EXTERNAL = 0xff;
const LEFT_EXTERNAL = 0xfe;

function healthText(attr: number, code: number): string | null {
  const level = (code >>> 16) & 0xf;
  const plainCode = hex8(((level << 16) | (code & 0xffff)) >>> 0);
  // The lowest byte of attr is reserved.
  const plain = inGroups(hex8((attr & 0xffffff00) >>> 0) + plainCode);
  const slotless = inGroups(hex8((attr & 0xfffff000) >>> 0) + plainCode);
  const exact = inGroups(hex8(attr) + hex8(code));
  const candidates = [exact, plain, ...lessExact(plain), ...lessExact(slotless)];
  for (const candidate of candidates) {
    const text = HEALTH_TEXTS.get(candidate);
    if (text !== undefined) return `${placeOf(attr, slotOf(attr))}${text}`;
  }
  return null;
}

/** The same code for the unit the texts are written for; only AMS modules have units. */
function lessExact(code: string): readonly string[] {
  const module = Number.parseInt(code.slice(0, 2), 16);
  if (!AMS_MODULES.includes(module)) return [];
  const unit = Number.parseInt(code.slice(2, 4), 16);
  const isExternal = unit === RIGHT_EXTERNAL || unit === LEFT_EXTERNAL;
  return [`07${isExternal ? 'FF' : '00'}${code.slice(4)}`];
}

function sender(number: number): string {
  const module = MODULES[number >>> 24];
  return module === undefined ? '' : ` from the ${module}`;
}

function slotOf(attr: number): number | null {
  const part = (attr >>> 8) & 0xff;
  const bySlot = [0x20, 0x60, 0x70].includes(part & 0xf0) && (part & 0x0f) <= 3;
  return bySlot ? part & 0x0f : null;
}

/** `AMS 1 slot 2: ` where the number names one; people count from 1. */
function placeOf(number: number, slot: number | null): string {
  const module = number >>> 24;
  if (!AMS_MODULES.includes(module)) return '';
  const unit = (number >>> 16) & 0xff;
  if (unit === RIGHT_EXTERNAL) return 'External spool: ';
  if (unit === LEFT_EXTERNAL) return 'Second external spool: ';
  const place = `${MODULES[module]} ${unit + 1}`;
  return slot === null || module === 0x18 ? `${place}: ` : `${place} slot ${slot + 1}: `;
}

/** Numbers, or hex strings on some firmware. */
function readHexUint32(value: unknown): number | null {
  if (typeof value === 'string' && /^(0x)?[0-9a-f]{1,8}$/i.test(value.trim())) {
    return Number.parseInt(value.trim().replace(/^0x/i, ''), 16);
  }
  return readUint32(value);
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0').toUpperCase();
}

/** Eight or sixteen digits in groups of four. */
function inGroups(hex: string): string {
  const groups = `${hex.slice(0, 4)}_${hex.slice(4, 8)}`;
  return hex.length === 8 ? groups : `${groups}_${hex.slice(8, 12)}_${hex.slice(12, 16)}`;
}
