import { isPrinting } from '../driver.js';
import { readActivity } from './activity.js';
import {
  isObject,
  type JsonObject,
  readHexBits,
  readInteger,
  readObject,
  readPath,
  readText,
} from './coerce.js';
import { DELTA_RULES, FULL_RULES, mergeObject } from './merge.js';
import { mergedAms } from './merge-ams.js';
import { SESSION_TIMING } from './timing.js';

/** `none`: the message held no state of the printer. */
export type Applied = 'none' | 'delta' | 'full';

/** Parts of the state that some firmware sends beside `print` instead of inside it. */
const FOLDED_KEYS = ['ams', 'xcam', 'wifi_signal', 'fun'];
/** They describe the message and not the printer. */
const ENVELOPE_KEYS = ['command', 'msg', 'sequence_id'];
/** Values of the print before, unless the report that begins a new one brings its own. */
const PER_PRINT_KEYS = ['layer_num', 'total_layer_num', 's_obj', '3D', 'mc_percent', 'percent'];

const FULL_REPORT_KEYS = 40;

/** Highest values of the print on the machine; firmware zeroes the fields at the end or on a cancel. */
export interface PrintPeaks {
  percent: number;
  layer: number;
  totalLayers: number;
}

/**
 * The raw state of one printer, kept up to date from full reports and from changes (docs/protocol.md §5.1).
 * Values stay as they came; reading them is the normaliser's work.
 */
export class ReportTree {
  readonly #print: JsonObject = {};
  readonly #peaks: PrintPeaks = { percent: 0, layer: 0, totalLayers: 0 };
  #printKey = '';
  #unknownActivity: string | null = null;
  #saidActivity = false;
  #fullReportDue = false;
  #lastAms: { readonly news: JsonObject; readonly full: boolean; readonly merged: JsonObject } | null = null;
  #emptyAms: { readonly since: number; readonly bits: JsonObject } | null = null;

  /** @param emptyAmsMs how long an AMS must report itself empty to be believed, milliseconds */
  constructor(private readonly emptyAmsMs = SESSION_TIMING.emptyAmsMs) {}

  get print(): JsonObject {
    return this.#print;
  }

  get peaks(): Readonly<PrintPeaks> {
    return this.#peaks;
  }

  /** The latest word for the activity that nobody knows; the activity before it stays in force. */
  get unknownActivity(): string | null {
    return this.#unknownActivity;
  }

  /** The last message said what the printer is doing. */
  get saidActivity(): boolean {
    return this.#saidActivity;
  }

  /** What was seen before a new connection counts no more as confirmation of anything. */
  beginConnection(): void {
    this.#fullReportDue = false;
    this.#emptyAms = null;
  }

  /** The next full report answers a request of ours, so that what it says is meant. */
  noteFullReportRequested(): void {
    this.#fullReportDue = true;
  }

  /**
   * Merges one parsed message of the report topic. Acknowledgements echo request fields and are never state.
   * The message belongs to the tree afterwards.
   * @param now milliseconds, never going back
   */
  apply(message: JsonObject, now: number): Applied {
    const news = stateOf(message);
    if (news === null) return 'none';
    const full = this.#isFull(news);
    const before = readActivity(this.#print.gcode_state);
    this.#ignoreUnknownActivity(news);
    this.#saidActivity = 'gcode_state' in news;
    this.#mergeAms(news, full, now);
    mergeObject(this.#print, news, full ? FULL_RULES : DELTA_RULES);
    this.#forgetLastPrint(news, before);
    this.#raisePeaks();
    if (full) this.#fullReportDue = false;
    return full ? 'full' : 'delta';
  }

  #isFull(news: JsonObject): boolean {
    if (!('gcode_state' in news && 'home_flag' in news)) return false;
    const units = readObject(this.#print.ams)?.ams;
    const hasAms = Array.isArray(units) && units.length > 0;
    return (isObject(news.ams) || !hasAms) && Object.keys(news).length > FULL_REPORT_KEYS;
  }

  #mergeAms(news: JsonObject, full: boolean, now: number): void {
    const incoming = news.ams;
    if (isObject(incoming)) {
      const known = readObject(this.#print.ams) ?? {};
      if (this.#saysAllGone(known, incoming) && !(full && this.#fullReportDue)) {
        this.#hold(known, incoming, now);
      } else {
        if ('tray_exist_bits' in incoming) this.#emptyAms = null;
        this.#takeAms(known, incoming, full);
      }
    } else if ('ams' in news) {
      this.#print.ams = incoming;
    }
    this.#confirmEmptyAms(now);
  }

  /** What has been merged already changes nothing by being merged again. */
  #takeAms(known: JsonObject, news: JsonObject, full: boolean): void {
    const last = this.#lastAms;
    if (last?.news === news && last.full === full && last.merged === known) return;
    const merged = mergedAms(known, news, full);
    this.#print.ams = merged;
    this.#lastAms = { news, full, merged };
  }

  /**
   * A printer that shuts down reports its AMS as empty for a moment, so that the first such report alone proves
   * nothing. `power_on_flag` is only a setting, but without it the moment does not occur.
   */
  #saysAllGone(known: JsonObject, news: JsonObject): boolean {
    const powerOnFlag = 'power_on_flag' in news ? news.power_on_flag : known.power_on_flag;
    return (
      powerOnFlag === false &&
      readHexBits(news.tray_exist_bits) === 0n &&
      (readHexBits(known.tray_exist_bits) ?? 0n) !== 0n
    );
  }

  #hold(known: JsonObject, news: JsonObject, now: number): void {
    const { ams: _units, tray_exist_bits, ams_exist_bits, ...rest } = news;
    const bits: JsonObject = { tray_exist_bits };
    if (readHexBits(ams_exist_bits) === 0n) bits.ams_exist_bits = ams_exist_bits;
    this.#emptyAms = { since: this.#emptyAms?.since ?? now, bits };
    this.#print.ams = mergedAms(known, rest, false);
  }

  #confirmEmptyAms(now: number): void {
    const held = this.#emptyAms;
    const known = readObject(this.#print.ams);
    if (held === null || known === null || now - held.since < this.emptyAmsMs) return;
    this.#emptyAms = null;
    this.#print.ams = mergedAms(known, held.bits, false);
  }

  #ignoreUnknownActivity(news: JsonObject): void {
    if (!('gcode_state' in news) || readActivity(news.gcode_state) !== null) return;
    this.#unknownActivity = readText(news.gcode_state).slice(0, 32);
    delete news.gcode_state;
  }

  #raisePeaks(): void {
    const peaks = this.#peaks;
    const print = this.#print;
    peaks.percent = Math.max(peaks.percent, readInteger(print.mc_percent) ?? 0);
    peaks.layer = Math.max(peaks.layer, readLayer(print) ?? 0);
    const total = readTotalLayers(print);
    if (total !== null && total > 0) peaks.totalLayers = total;
  }

  #forgetLastPrint(news: JsonObject, before: ReturnType<typeof readActivity>): void {
    const activity = readActivity(this.#print.gcode_state);
    if (!isPrinting(activity)) return;
    const key = printKey(this.#print);
    const isNew =
      before !== null && (!isPrinting(before) || (this.#printKey !== '' && key !== this.#printKey));
    this.#printKey = key;
    if (!isNew) return;
    for (const stale of PER_PRINT_KEYS) {
      if (!(stale in news)) delete this.#print[stale];
    }
    this.#peaks.percent = 0;
    this.#peaks.layer = 0;
    this.#peaks.totalLayers = 0;
  }
}

/** The current layer; new firmware leaves one of its two places at zero. */
export function readLayer(print: JsonObject): number | null {
  return firstPositive(readInteger(print.layer_num), readInteger(readPath(print, '3D', 'layer_num')));
}

/** The number of layers, from either of its two places. */
export function readTotalLayers(print: JsonObject): number | null {
  return firstPositive(
    readInteger(print.total_layer_num),
    readInteger(readPath(print, '3D', 'total_layer_num')),
  );
}

function firstPositive(first: number | null, second: number | null): number | null {
  if (first !== null && first > 0) return first;
  return second !== null && second > 0 ? second : (first ?? second);
}

/** The state a message carries: `print` unless it is an acknowledgement, and what stands beside it. */
function stateOf(message: JsonObject): JsonObject | null {
  const print = readObject(message.print);
  const isReport = print !== null && (print.command === undefined || print.command === 'push_status');
  const news: JsonObject = isReport ? print : {};
  for (const key of FOLDED_KEYS) {
    const value = message[key];
    // An acknowledgement of, say, an `xcam` command stands under the same key.
    if (value === undefined || key in news || (isObject(value) && 'command' in value)) continue;
    news[key] = value;
  }
  return Object.keys(news).some((key) => !ENVELOPE_KEYS.includes(key)) ? news : null;
}

const NO_ID = new Set(['', '0']);

/** What tells one print from the next, the surest first. */
function printKey(print: JsonObject): string {
  for (const key of ['subtask_id', 'task_id', 'job_id']) {
    const id = readText(print[key]);
    if (!NO_ID.has(id)) return id;
  }
  return readText(print.subtask_name) || readText(print.gcode_file);
}
