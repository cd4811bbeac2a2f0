import {
  type Capabilities,
  type Connection,
  isPrinting,
  type PrinterReport,
  type PrinterSession,
} from '../../drivers/driver.js';

// The words of the driver interface that the rooms above the fleet may use.
export {
  type CameraFrame,
  type Capabilities,
  type CommandEffect,
  type CommandOutcome,
  type Connection,
  DriverError,
  type DriverErrorKind,
  type PrinterCommand,
  type PrinterReport,
  type PrinterState,
  type PrinterTarget,
  type SlotAddress,
} from '../../drivers/driver.js';

/** A printer's live side: what the daemon holds in memory and never writes per report. */
export interface LivePrinter {
  readonly printerId: string;
  readonly serial: string;
  readonly session: PrinterSession;
  readonly connection: Connection;
  /** The newest report; stays after a loss of connection, which `connection` tells. */
  readonly report: PrinterReport | null;
  readonly capabilities: Capabilities | null;
}

/** Connected, and a report has arrived within the limit. */
export function isOnline(printer: Pick<LivePrinter, 'connection'>): boolean {
  return printer.connection.status === 'online';
}

/** The machine itself could begin a print now: online, fully known, idle, not updating its firmware. */
export function isMachineFree(printer: Pick<LivePrinter, 'connection' | 'report'>): boolean {
  const { report } = printer;
  if (!isOnline(printer) || !report?.complete || report.state.upgrading) return false;
  const { activity } = report.state;
  return activity === 'IDLE' || activity === 'FINISH' || activity === 'FAILED';
}

/** It could begin a print now and would: one that takes no commands is idle, but of no use to the farm. */
export function takesJobs(printer: Pick<LivePrinter, 'connection' | 'report'>): boolean {
  return isMachineFree(printer) && printer.report?.state.developerMode !== 'off';
}

/** Something is being printed, as far as the last complete report says. */
export function isPrintingNow(printer: Pick<LivePrinter, 'report'> | null): boolean {
  const report = printer?.report;
  return report?.complete === true && isPrinting(report.state.activity);
}
