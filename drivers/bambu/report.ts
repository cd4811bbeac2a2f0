import type { HealthMessage, PrinterState } from '../driver.js';
import { readActivity } from './activity.js';
import { type JsonObject, readIntegerWithin } from './coerce.js';
import { type DeveloperMode, readDeveloperMode, withLockedMessage } from './developer-mode.js';
import { readExtruders } from './extruders.js';
import { readHealth } from './health.js';
import type { BambuModel } from './models.js';
import { part } from './part.js';
import { type AmsKind, type AmsUnitView, readAmsUnits } from './report-ams.js';
import {
  readAddress,
  readDoorOpen,
  readHomed,
  readLights,
  readUpgrading,
  readWifi,
  readWired,
  type Storage,
} from './report-machine.js';
import { readPrintIdentity, readPrintProgress } from './report-print.js';
import { readActiveTray, readSlots } from './report-slots.js';
import { readAirMode, readBed, readChamber, readFans, readNozzles } from './report-thermal.js';
import type { PrintPeaks } from './report-tree.js';

/** What is known of a printer beside the report. */
export interface ReportContext {
  readonly model: BambuModel | null;
  readonly firmware: string | null;
  /** Kinds of AMS units as the firmware lists them, by unit id. */
  readonly amsKinds: ReadonlyMap<number, AmsKind>;
  readonly peaks: Readonly<PrintPeaks>;
  readonly storage: Storage | null;
  /** What an acknowledgement proved about Developer Mode. */
  readonly learnedMode: 'on' | 'off' | null;
}

/** Raw state to the daemon's words (docs/protocol.md §5). Any field may be absent or wrong; none spoils the rest. */
export function normaliseReport(print: JsonObject, context: ReportContext): PrinterState {
  return reportReader()(print, context);
}

/**
 * The same for one printer again and again: what is read from values that stand is not read anew, and keeps being the
 * same object. The result is always what `normaliseReport` gives.
 */
export function reportReader(): (print: JsonObject, context: ReportContext) => PrinterState {
  const extruders = part(['device'], (print) => readExtruders(print).extruders.length);
  const amsUnits = part(
    ['ams'],
    (print, model: BambuModel | null, kinds: ReadonlyMap<number, AmsKind>, twoExtruders: boolean) =>
      readAmsUnits(print, { model, kinds, twoExtruders }),
  );
  const unitStates = part([], (_print, units: readonly AmsUnitView[]) => units.map((unit) => unit.state));
  const slots = part(['ams', 'vir_slot', 'vt_tray'], readSlots);
  const activeTray = part(['ams', 'device', 'mapping'], readActiveTray);
  const health = part(['hms', 'print_error'], readHealth);
  const shownHealth = part([], (_print, told: readonly HealthMessage[], mode: DeveloperMode) =>
    mode === 'off' ? withLockedMessage(told) : told,
  );
  const identity = part(
    ['task_id', 'subtask_id', 'job_id', 'subtask_name', 'gcode_file', 'file'],
    readPrintIdentity,
  );
  const fans = part(
    ['device', 'cooling_fan_speed', 'big_fan1_speed', 'big_fan2_speed', 'heatbreak_fan_speed'],
    readFans,
  );
  const lights = part(['lights_report'], readLights);
  const homed = part(['home_flag'], readHomed);
  const doorOpen = part(['home_flag', 'stat'], readDoorOpen);
  const address = part(['net'], readAddress);
  const upgrading = part(['upgrade_state'], readUpgrading);
  const developerMode = part(
    ['fun'],
    (
      print,
      model: BambuModel | null,
      firmware: string | null,
      learned: 'on' | 'off' | null,
      messages: readonly HealthMessage[],
    ) => readDeveloperMode(print, { model, firmware, learned, health: messages }),
  );
  return (print, { model, firmware, amsKinds, peaks, storage, learnedMode }) => {
    const activity = readActivity(print.gcode_state);
    const twoExtruders = extruders(print) > 1;
    const units = amsUnits(print, model, amsKinds, twoExtruders);
    const told = health(print);
    const mode = developerMode(print, model, firmware, learnedMode, told);
    return {
      activity,
      print: readPrintProgress(print, identity(print), activity, peaks),
      ...readBed(print),
      ...readNozzles(print),
      ...readChamber(print, model),
      fans: fans(print, model),
      airMode: readAirMode(print),
      lights: lights(print),
      homed: homed(print),
      doorOpen: doorOpen(print, model, firmware),
      storage,
      wifiDbm: readWifi(print),
      wired: readWired(print),
      address: address(print),
      amsUnits: unitStates(print, units),
      slots: slots(print, units, twoExtruders),
      activeTray: activeTray(print, units, model),
      health: shownHealth(print, told, mode),
      developerMode: mode,
      firmware,
      upgrading: upgrading(print),
      speedLevel: readIntegerWithin(print.spd_lvl, 1, 4),
    };
  };
}
