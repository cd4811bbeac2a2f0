import { isMachineFree, isOnline, type LivePrinter } from '../fleet/live-printer.js';
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

/** Why the start must not be sent now; null when everything stands as it did when the printer was chosen. */
export function startBlocked(row: DispatchRow, gate: StartGate, live: LivePrinter | null): Blocked | null {
  const because = (reason: string, exclude = false) => ({ reason, exclude });
  if (!live || !isOnline(live) || !live.report) return because('the printer went offline before the start');
  if (!gate.enabled) return because('the printer was disabled before the start');
  if (gate.isInMaintenance) return because('the printer went into maintenance before the start');
  if (!gate.confirmedReady) return because('the bed was no longer confirmed clear at the start');
  const { state } = live.report;
  if (state.developerMode === 'off') {
    return because('Developer Mode is off on the printer: switch it on under Settings > LAN only', true);
  }
  if (!isMachineFree(live))
    return because(`the printer was ${state.activity ?? 'in an unknown state'} at the start`);
  if (slotSnapshot(state, row.filaments) !== row.slotSnapshot) {
    return because('the filament in a mapped slot changed between matching and start');
  }
  return null;
}
