/** Reports of an invented printer of every model, and the way from a report to a state without a connection. */
import { readFileSync } from 'node:fs';
import { isObject, type JsonObject, readText } from '../../../drivers/bambu/coerce.js';
import { modelBySerial } from '../../../drivers/bambu/models.js';
import { normaliseReport } from '../../../drivers/bambu/report.js';
import { ReportTree } from '../../../drivers/bambu/report-tree.js';
import { StorageWatch } from '../../../drivers/bambu/storage-watch.js';
import { readVersion, type VersionInfo } from '../../../drivers/bambu/version.js';
import type { PrinterState } from '../../../drivers/driver.js';

export const FIXTURES = [
  'x1c',
  'x1',
  'x1e',
  'p1p',
  'p1s',
  'p2s',
  'a1m',
  'a1',
  'a2l',
  'h2d',
  'h2dpro',
  'h2s',
  'h2c',
  'x2d',
] as const;
export type FixtureName = (typeof FIXTURES)[number];

function readJson(name: string): JsonObject {
  const path = new URL(`../../fixtures/reports/${name}.json`, import.meta.url);
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isObject(value)) throw new Error(`${name}.json is no object`);
  return value;
}

function part(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new Error(`${what} is no object`);
  return value;
}

/** A fresh copy of the full report, as parsed from the wire. */
export function reportOf(name: FixtureName): JsonObject {
  return part(readJson(name).report, 'report');
}

/** A fresh copy of the `print` part of the full report. */
export function printOf(name: FixtureName): JsonObject {
  return part(reportOf(name).print, 'print');
}

export function versionOf(name: FixtureName): VersionInfo {
  return readVersion(part(part(readJson(name).version, 'version').info, 'info'));
}

/** What the golden file beside the fixture says. */
export function expectedStateOf(name: FixtureName): JsonObject {
  return readJson(`${name}.state`);
}

const serials = new Map<FixtureName, string>();

/** As the main firmware module names it. */
export function serialOf(name: FixtureName): string {
  const known = serials.get(name);
  if (known !== undefined) return known;
  const modules = part(part(readJson(name).version, 'version').info, 'info').module;
  const main = Array.isArray(modules)
    ? modules.find((module) => isObject(module) && module.name === 'ota')
    : null;
  const serial = readText(part(main, 'ota module').sn);
  serials.set(name, serial);
  return serial;
}

/** A change that followed the full report, and what of the state it makes true. */
export interface Delta {
  /** Seconds after the full report. */
  readonly at: number;
  readonly print: JsonObject;
  readonly expect: JsonObject;
}

export function deltasOf(name: FixtureName): readonly Delta[] {
  const { deltas } = readJson(name);
  return (Array.isArray(deltas) ? deltas : []).map((delta: unknown) => {
    const { at, print, expect } = part(delta, 'delta');
    return { at: Number(at), print: part(print, 'print'), expect: part(expect, 'expect') };
  });
}

/** Messages of one printer through merge and normaliser; `at` is seconds. */
export class Replay {
  readonly tree = new ReportTree();
  readonly #storage = new StorageWatch();
  readonly #name: FixtureName;

  constructor(name: FixtureName) {
    this.#name = name;
  }

  full(at = 0): PrinterState {
    return this.apply(reportOf(this.#name), at);
  }

  /** A message with these changes under `print`. */
  delta(print: JsonObject, at = 0): PrinterState {
    return this.apply({ print: { command: 'push_status', msg: 1, ...print } }, at);
  }

  apply(message: JsonObject, at = 0): PrinterState {
    this.tree.apply(message, at * 1000);
    this.#storage.observe(this.tree.print, at * 1000);
    return this.state();
  }

  state(): PrinterState {
    const version = versionOf(this.#name);
    return normaliseReport(this.tree.print, {
      model: modelBySerial(serialOf(this.#name)),
      firmware: version.firmware,
      amsKinds: version.amsKinds,
      peaks: this.tree.peaks,
      storage: this.#storage.storage,
      learnedMode: null,
    });
  }
}
