import type { PrinterFacts } from '../domain/printers.js';
import type { ReportedSlot } from '../domain/slots.js';
import { isOnline, type LivePrinter, type PrinterState, takesJobs } from './live-printer.js';

type Seen = Pick<LivePrinter, 'connection' | 'report' | 'capabilities'>;

/** What of a printer's live state is worth keeping. Equal facts are never written twice. */
export function factsOf(printer: Seen): Omit<PrinterFacts, 'print' | 'shown' | 'printed'> {
  const state = printer.report?.state ?? null;
  const activity = state?.activity ?? null;
  return {
    isOnline: isOnline(printer),
    machineFree: takesJobs(printer),
    activity,
    modelCode: printer.capabilities?.modelCode ?? null,
    modelName: printer.capabilities?.modelName ?? null,
    nozzleDiameter: state?.nozzles.find((nozzle) => nozzle.diameter !== null)?.diameter ?? null,
  };
}

/** What is left on a spool by the word of its AMS, grams; null where it does not know. */
export function gramsLeft({ loaded, remain, spoolGrams }: PrinterState['slots'][number]): number | null {
  if (!loaded || remain < 0 || spoolGrams === null) return null;
  return Math.round((remain / 100) * spoolGrams);
}

/** Trays whose AMS tells what is left on their spools. */
export function traysThatTell({ report }: Pick<LivePrinter, 'report'>): ReadonlySet<number> {
  const slots = report?.state.slots ?? [];
  return new Set(slots.filter((slot) => gramsLeft(slot) !== null).map(({ tray }) => tray));
}

/**
 * The places for spools that the printer has; null while it has not told everything.
 *
 * @param trustAms what an AMS tells of what is left counts
 */
export function slotsOf(printer: Seen, trustAms: boolean): readonly ReportedSlot[] | null {
  if (!printer.report?.complete) return null;
  return printer.report.state.slots.map((slot) => ({
    gramsLeft: trustAms ? gramsLeft(slot) : null,
    amsIndex: slot.amsIndex,
    slotIndex: slot.slotIndex,
    slot: slot.tray,
    loaded: slot.loaded,
    type: slot.type,
    color: slot.color,
    identifier: slot.infoIdx,
    colors: slot.colors,
    tagged: (slot.trayUuid ?? slot.tagUid) !== null,
  }));
}
