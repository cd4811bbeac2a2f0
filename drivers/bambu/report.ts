import type { PrinterState } from '../driver.js';
import { readActivity } from './activity.js';
import { type JsonObject, readIntegerWithin } from './coerce.js';
import { readDeveloperMode, withLockedMessage } from './developer-mode.js';
import { readExtruders } from './extruders.js';
import { readHealth } from './health.js';
import type { BambuModel } from './models.js';
import { type AmsKind, readAmsUnits } from './report-ams.js';
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
import { readPrintProgress } from './report-print.js';
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
  const { model, firmware } = context;
  const activity = readActivity(print.gcode_state);
  const twoExtruders = readExtruders(print).extruders.length > 1;
  const units = readAmsUnits(print, { model, kinds: context.amsKinds, twoExtruders });
  const told = readHealth(print);
  const developerMode = readDeveloperMode(print, {
    model,
    firmware,
    learned: context.learnedMode,
    health: told,
  });
  return {
    activity,
    print: readPrintProgress(print, activity, context.peaks),
    ...readBed(print),
    ...readNozzles(print),
    ...readChamber(print, model),
    fans: readFans(print, model),
    airMode: readAirMode(print),
    lights: readLights(print),
    homed: readHomed(print),
    doorOpen: readDoorOpen(print, model, firmware),
    storage: context.storage,
    wifiDbm: readWifi(print),
    wired: readWired(print),
    address: readAddress(print),
    amsUnits: units.map((unit) => unit.state),
    slots: readSlots(print, units, twoExtruders),
    activeTray: readActiveTray(print, units, model),
    health: developerMode === 'off' ? withLockedMessage(told) : told,
    developerMode,
    firmware,
    upgrading: readUpgrading(print),
    speedLevel: readIntegerWithin(print.spd_lvl, 1, 4),
  };
}
