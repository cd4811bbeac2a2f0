import type { PrinterState } from '../fleet/live-printer.js';
import { filamentStat } from './filament-stat.js';
import { healthMessages } from './health-stat.js';
import { activityVerb, stageName } from './print-activity.js';
import type { PrinterStat, PrinterStatData } from './stat-types.js';

/** What the stats topic is told of one printer. */
export interface PrinterStatInput {
  readonly printerId: string;
  readonly storeId: string;
  readonly isOnline: boolean;
  readonly isAvailable: boolean;
  /** When the newest report arrived; when there is none, when that became known. */
  readonly receivedAt: Date;
  /** The newest state, kept when the printer goes offline; null when there never was one. */
  readonly state: PrinterState | null;
  /** When the loss of the printer became known. */
  readonly offlineAt?: Date | null;
}

/** Three heartbeats: a reader that misses two still holds a valid message. */
const LIFETIME_MS = 90_000;

/**
 * The contract's picture of a printer. An offline printer keeps what was last known of it, but neither a state
 * nor the progress of a print, which goes on without being seen.
 */
export function toPrinterStat(input: PrinterStatInput): PrinterStat {
  const { printerId, storeId, isOnline, state } = input;
  const knownAt = isOnline ? input.receivedAt : latest(input.receivedAt, input.offlineAt ?? null);
  return {
    printerId,
    storeId,
    state: isOnline ? (state?.activity ?? null) : null,
    isOnline,
    isAvailable: isOnline && input.isAvailable,
    receivedAt: knownAt.toISOString(),
    expiresAt: new Date(knownAt.getTime() + LIFETIME_MS).toISOString(),
    data: state === null ? { health: healthMessages([]) } : statData(state, isOnline),
  };
}

/** By the part it was made of, which is the same object while it says the same. */
const filamentTexts = new WeakMap<object, string>();

/** `toPrinterStat` as JSON. Filaments are more than half of it and seldom change: their text is made once. */
export function printerStatText(input: PrinterStatInput): string {
  const { data, ...head } = toPrinterStat(input);
  const { filament, ...rest } = data;
  const text = JSON.stringify({ ...head, data: rest });
  if (filament === undefined) return text;
  let filamentText = filamentTexts.get(filament);
  if (filamentText === undefined) {
    filamentText = JSON.stringify(filament);
    filamentTexts.set(filament, filamentText);
  }
  // `data` comes last, and is never empty.
  return `${text.slice(0, -2)},"filament":${filamentText}}}`;
}

function statData(state: PrinterState, isOnline: boolean): PrinterStatData {
  return {
    temps: temperatures(state),
    lights: known({ chamber: state.lights.chamber_light ?? null, work: state.lights.work_light ?? null }),
    fans: known({ part: state.fans.part, aux: state.fans.aux, chamber: state.fans.chamber }),
    printer: { nozzleDiameter: nozzleDiameter(state), homeAxes: state.homed ?? {} },
    ...(isOnline ? { print: printProgress(state) } : {}),
    filament: filamentStat(state),
    health: healthMessages(state.health),
  };
}

function temperatures(state: PrinterState): NonNullable<PrinterStatData['temps']> {
  const nozzle = activeNozzle(state);
  return known({
    bedTemp: state.bedTemp,
    bedTempTarget: state.bedTarget,
    nozzleTemp: nozzle?.temp ?? null,
    nozzleTempTarget: nozzle?.target ?? null,
    chamberTemp: state.chamberTemp,
    chamberTempTarget: state.chamberTemp === null ? null : state.chamberTarget,
  });
}

function printProgress(state: PrinterState): NonNullable<PrinterStatData['print']> {
  const { print } = state;
  return {
    ...known({
      downloadPercent: state.activity === 'PREPARE' ? print.downloadPercent : null,
      percent: print.percent,
      timeRemaining: print.remainingMinutes,
      activity: activityVerb(state),
      currentLayer: print.layer,
      totalLayers: print.totalLayers,
    }),
    stage: stageName(print),
    errorCode: print.errorCode ?? '',
    printError: print.printError,
    taskId: print.identity.taskId,
    taskName: print.identity.name,
  };
}

function activeNozzle(state: PrinterState): PrinterState['nozzles'][number] | null {
  return state.nozzles.find((nozzle) => nozzle.index === state.activeNozzle) ?? state.nozzles[0] ?? null;
}

function nozzleDiameter(state: PrinterState): string {
  const known = state.nozzles.find((nozzle) => nozzle.diameter !== null);
  return activeNozzle(state)?.diameter ?? known?.diameter ?? '';
}

function latest(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one;
}

type Known<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Leaves out what is null: in the contract an absent key is "not known". */
function known<T extends Readonly<Record<string, string | number | null>>>(values: T): Known<T> {
  const result: Known<T> = {};
  for (const key in values) {
    const value = values[key];
    if (value !== null && value !== undefined) result[key] = value;
  }
  return result;
}
