import { type ConnectionStatus, DriverError, isPrinting, type PrinterReport } from '../driver.js';
import { ENABLE_DEVELOPER_MODE } from './developer-mode.js';

/**
 * Why a print must not be started now; null when nothing speaks against it. The last line of defence: a start
 * command to a busy machine can cancel the print that is on it (docs/protocol.md §6.2).
 */
export function whyNotStart(status: ConnectionStatus, report: PrinterReport | null): DriverError | null {
  if (status !== 'online' || report === null || !report.complete) {
    return new DriverError(
      'unreachable',
      'The printer has not reported its whole state on this connection yet.',
    );
  }
  const { activity, upgrading, developerMode } = report.state;
  if (activity === null) {
    return new DriverError('unreachable', 'The printer does not say what it is doing.');
  }
  if (isPrinting(activity)) {
    return new DriverError('busy', `The printer is busy: it reports ${activity}.`);
  }
  if (upgrading) return new DriverError('busy', 'The printer is updating its firmware.');
  if (developerMode === 'off') {
    return new DriverError('developer-mode', ENABLE_DEVELOPER_MODE);
  }
  return null;
}
