/** The physical state of one printer, as its reports show it. */
import { AmsBay } from './ams.js';
import type { EmulatedPrinterSpec } from './api.js';
import { FAULTS, type FaultSet } from './faults.js';
import type { TruthRecorder } from './ground-truth.js';
import { Heater } from './heater.js';
import { PrintEngine } from './print-engine.js';
import type { PrintOrder } from './print-order.js';
import type { Profile, RefusalShape } from './profiles.js';
import type { Random } from './random.js';
import type { VirtualClock } from './virtual-clock.js';

export interface MachineParts {
  readonly spec: EmulatedPrinterSpec;
  readonly profile: Profile;
  readonly serial: string;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly faults: FaultSet;
  readonly record: TruthRecorder;
  readonly onChange: () => void;
}

export interface HmsMessage {
  readonly attr: number;
  readonly code: number;
}

const ROOM_C = 24;
const LEVELLING = 1;
const PLA_CHAMBER_C = 35;

export class Machine {
  readonly profile: Profile;
  readonly serial: string;
  readonly clock: VirtualClock;
  readonly faults: FaultSet;
  readonly ams: AmsBay;
  readonly engine: PrintEngine;
  readonly bed = new Heater(ROOM_C, 60_000);
  readonly nozzles: readonly Heater[];
  readonly chamber = new Heater(ROOM_C, 600_000);
  readonly lights: Map<string, string>;
  readonly nozzleDiameter: string;
  readonly firmware: string;
  readonly name: string;
  host: string;
  hms: HmsMessage[] = [];
  /** Objects left out of the print by `skip_objects`. */
  skipped: number[] = [];
  wifiDbm: number;
  /** Filament loaded without a print, by `ams_change_filament`. */
  loaded: { readonly unitId: number; readonly slot: number } | null = null;
  /** Percent of fans that a command set; a print sets them its own way. */
  readonly blown = new Map<'part' | 'aux' | 'chamber', number>();
  /** Extruder that was selected by hand; what feeds a print goes before it. */
  selectedExtruder = 0;
  /** Slot whose tag is being read. */
  reading: { readonly unitId: number; readonly slot: number } | null = null;
  /** Stage of what the machine does without a print; null when it does nothing. */
  ownStage: number | null = null;
  readonly #developerMode: boolean;
  readonly #random: Random;
  /** Something that reports show has changed. */
  readonly showChange: () => void;

  constructor(parts: MachineParts) {
    const { spec, profile } = parts;
    this.profile = profile;
    this.serial = parts.serial;
    this.clock = parts.clock;
    this.faults = parts.faults;
    this.host = spec.host;
    this.name = spec.name ?? `${profile.shortName} ${parts.serial.slice(-4)}`;
    this.nozzleDiameter = spec.nozzleDiameter ?? '0.4';
    this.firmware = spec.firmware ?? profile.firmware;
    this.#developerMode = spec.developerMode ?? true;
    this.#random = parts.random;
    this.showChange = parts.onChange;
    this.wifiDbm = -parts.random.whole(40, 70);
    this.ams = new AmsBay(profile, spec.ams, spec.external ?? null);
    this.nozzles = Array.from({ length: profile.nozzles }, () => new Heater(ROOM_C, 20_000));
    this.lights = new Map(
      profile.lightNodes.map((node) => [node, node === 'work_light' ? 'flashing' : 'on']),
    );
    this.engine = new PrintEngine({
      profile,
      clock: parts.clock,
      random: parts.random,
      ams: this.ams,
      faults: parts.faults,
      record: parts.record,
      onHeat: (order) => this.#heat(order),
      onChange: parts.onChange,
    });
  }

  /** Files may be sent to the card. */
  get hasCard(): boolean {
    return !this.faults.has(FAULTS.ftp550NoCard);
  }

  /** How control commands are refused just now, null when they are obeyed. */
  get refusal(): RefusalShape | null {
    const fault = this.faults.peek(FAULTS.devModeOff);
    if (fault !== null) return fault.shape ?? this.profile.refusal;
    return this.#developerMode ? null : this.profile.refusal;
  }

  /** The place filament comes from just now: what feeds the print, else what was loaded by hand. */
  get feed(): { readonly unitId: number; readonly slot: number } | null {
    return this.engine.feed ?? this.loaded;
  }

  raiseHms(message: HmsMessage): void {
    const known = this.hms.some((m) => m.attr === message.attr && m.code === message.code);
    if (!known) this.hms.push(message);
  }

  /** Percent of each fan, from what the machine is doing. */
  get fans(): { part: number; aux: number; chamber: number; heatbreak: number } {
    const running = this.engine.activity === 'RUNNING';
    const layer = this.engine.plan?.layer(this.engine.elapsedMs) ?? 0;
    const printing = running && layer > 1;
    return {
      part: printing ? 100 : (this.blown.get('part') ?? 0),
      aux: printing && this.profile.hasAuxFan ? 70 : (this.blown.get('aux') ?? 0),
      chamber: printing && this.profile.hasChamberFan ? 60 : (this.blown.get('chamber') ?? 0),
      heatbreak: this.engine.printing ? 100 : 0,
    };
  }

  /** Calibrates for a while, which reports show as a stage. */
  calibrate(forMs: number): void {
    this.ownStage = LEVELLING;
    this.clock.after(forMs, () => {
      this.ownStage = null;
      this.showChange();
    });
  }

  /** Turns a spool past the reader for a while. */
  readTag(unitId: number, slot: number, forMs: number): void {
    this.reading = { unitId, slot };
    this.clock.after(forMs, () => {
      this.reading = null;
      this.showChange();
    });
  }

  /** Radio strength wanders a little, as it does in life. */
  jitterWifi(): void {
    this.wifiDbm = Math.min(-35, Math.max(-85, this.wifiDbm + this.#random.whole(-2, 2)));
  }

  #heat(order: PrintOrder | null): void {
    const now = this.clock.now();
    this.bed.setTarget(order?.bedTarget ?? 0, now);
    this.chamber.setTarget(order === null ? 0 : PLA_CHAMBER_C, now);
    const extruder = order?.feeds[0] === undefined ? 0 : this.extruderOf(order.feeds[0].unitId);
    for (const [i, nozzle] of this.nozzles.entries()) {
      nozzle.setTarget(i === extruder ? (order?.nozzleTarget ?? 0) : 0, now);
    }
  }

  /** Extruder that a unit or external holder feeds. */
  extruderOf(unitId: number): number {
    if (this.profile.nozzles === 1) return 0;
    if (unitId === 254) return 1;
    return this.ams.units.find((unit) => unit.id === unitId)?.extruder ?? 0;
  }
}
