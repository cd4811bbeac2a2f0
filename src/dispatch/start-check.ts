import { isMachineFree, isOnline, type LivePrinter, type PrinterReport } from '../fleet/live-printer.js';
import type { DispatchRow } from './journal.js';
import { slotSnapshot } from './projection.js';
import type { PrinterConfigFlags } from './start-request.js';

/** The printer as the database knows it, just before a start. */
export interface StartGate {
  readonly enabled: boolean;
  readonly confirmedReady: boolean;
  readonly isInMaintenance: boolean;
  readonly providerConfig: PrinterConfigFlags | null;
}

export interface Blocked {
  readonly reason: string;
  /** The printer is at fault and should not be tried again for this job. */
  readonly exclude: boolean;
}

/** Everything stands as it did when the printer was chosen, as this report shows. */
export interface Cleared {
  readonly report: PrinterReport;
}

/** Whether the start may be sent now, or why not. */
export function startBlocked(row: DispatchRow, gate: StartGate, live: LivePrinter | null): Blocked | Cleared {
  const because = (reason: string, exclude = false) => ({ reason, exclude });
  const report = live?.report;
  if (!live || !report || !isOnline(live)) return because('the printer went offline before the start');
  if (!gate.enabled) return because('the printer was disabled before the start');
  if (gate.isInMaintenance) return because('the printer went into maintenance before the start');
  if (!gate.confirmedReady) return because('the bed was no longer confirmed clear at the start');
  const { state } = report;
  if (state.developerMode === 'off') {
    return because(
      'the printer refuses commands: switch on LAN Only Mode and then Developer Mode on its screen, and restart it',
      true,
    );
  }
  if (state.upgrading) return because('the printer was updating its firmware at the start');
  if (!report.complete) return because('the printer had not told its whole state at the start');
  if (!isMachineFree(live))
    return because(`the printer was ${state.activity ?? 'in an unknown state'} at the start`);
  if (slotSnapshot(state, row.filaments) !== row.slotSnapshot) {
    return because('the filament in a mapped slot changed between matching and start');
  }
  return { report };
}
