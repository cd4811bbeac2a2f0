import type { PrinterFacts } from '../domain/printers.js';
import type { ReportedSlot } from '../domain/slots.js';
import { isOnline, type LivePrinter, takesJobs } from './live-printer.js';

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

/** The places for spools that the printer has; null while it has not told everything. */
export function slotsOf(printer: Seen): readonly ReportedSlot[] | null {
  if (!printer.report?.complete) return null;
  return printer.report.state.slots.map((slot) => ({
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
