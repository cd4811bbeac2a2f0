import type { Capabilities, PrinterState, PrinterTarget } from '../driver.js';
import type { JsonObject } from './coerce.js';
import { type BambuModel, capabilitiesOfModel, modelByCode, modelBySerial } from './models.js';
import { reportReader } from './report.js';
import { readLiveView, readOn220Volts } from './report-machine.js';
import { type Applied, ReportTree } from './report-tree.js';
import { StorageWatch } from './storage-watch.js';
import { SESSION_TIMING, type SessionTiming } from './timing.js';
import { readVersion, type VersionInfo } from './version.js';

const NO_VERSION: VersionInfo = { firmware: null, model: null, likelyModel: null, amsKinds: new Map() };

/** Everything known of one printer: its merged reports, its firmware and what its answers proved. */
export class PrinterView {
  readonly #tree: ReportTree;
  readonly #storage = new StorageWatch();
  readonly #readReport = reportReader();
  readonly #serial: string;
  #announcedCode: string | null;
  #version = NO_VERSION;
  #learnedMode: 'on' | 'off' | null = null;
  #model: BambuModel | null;

  constructor(target: PrinterTarget, timing: Pick<SessionTiming, 'emptyAmsMs'> = SESSION_TIMING) {
    this.#tree = new ReportTree(timing.emptyAmsMs);
    this.#serial = target.serial;
    this.#announcedCode = target.modelCode;
    this.#model = this.#determineModel();
  }

  get model(): BambuModel | null {
    return this.#model;
  }

  get capabilities(): Capabilities | null {
    return this.#model === null ? null : capabilitiesOfModel(this.#model);
  }

  /** Highest bed setpoint of this machine as it is wired; null while its model is not known. */
  get bedTempMaxC(): number | null {
    if (this.#model === null) return null;
    const { bedTempMaxC, control } = this.#model;
    return readOn220Volts(this.#tree.print) ? (control.bedTempMaxOn220VoltsC ?? bedTempMaxC) : bedTempMaxC;
  }

  get firmware(): string | null {
    return this.#version.firmware;
  }

  /** Whether the camera may be watched over the network; null when the printer does not say. */
  get liveView(): boolean | null {
    return readLiveView(this.#tree.print);
  }

  get saidActivity(): boolean {
    return this.#tree.saidActivity;
  }

  get unknownActivity(): string | null {
    return this.#tree.unknownActivity;
  }

  /** Modes change by a restart, which ends the connection: what was learned on it ends with it. */
  beginConnection(): void {
    this.#learnedMode = null;
    this.#tree.beginConnection();
  }

  /** A person wants a fresh look: what an acknowledgement proved may have changed since. */
  forgetLearnedMode(): void {
    this.#learnedMode = null;
  }

  noteFullReportRequested(): void {
    this.#tree.noteFullReportRequested();
  }

  set announcedCode(code: string | null) {
    this.#announcedCode = code;
    this.#model = this.#determineModel();
  }

  /**
   * An acknowledgement proved whether unsigned commands are taken.
   * @returns whether that was news
   */
  learnMode(mode: 'on' | 'off'): boolean {
    const isNews = this.#learnedMode !== mode;
    this.#learnedMode = mode;
    return isNews;
  }

  /**
   * @param info the `info` part of a message; left alone unless it is a list of modules
   * @returns whether it was
   */
  noteVersion(info: JsonObject): boolean {
    if (info.command !== 'get_version' || !Array.isArray(info.module)) return false;
    this.#version = readVersion(info);
    this.#model = this.#determineModel();
    return true;
  }

  /** Merges a message of the report topic; it belongs to the view afterwards. */
  apply(message: JsonObject, now: number): Applied {
    const applied = this.#tree.apply(message, now);
    if (applied !== 'none') this.#storage.observe(this.#tree.print, now);
    return applied;
  }

  state(): PrinterState {
    return this.#readReport(this.#tree.print, {
      model: this.#model,
      firmware: this.#version.firmware,
      amsKinds: this.#version.amsKinds,
      peaks: this.#tree.peaks,
      storage: this.#storage.storage,
      learnedMode: this.#learnedMode,
    });
  }

  /** The firmware's own word first; the parts of old firmware fit more than one machine and come last. */
  #determineModel(): BambuModel | null {
    return (
      this.#version.model ??
      (this.#announcedCode === null ? null : modelByCode(this.#announcedCode)) ??
      modelBySerial(this.#serial) ??
      this.#version.likelyModel
    );
  }
}
