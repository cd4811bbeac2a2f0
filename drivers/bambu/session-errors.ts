import { DriverError, type DriverLog, type PrinterTarget } from '../driver.js';

/** Why a session gives up a connection that still stands. */

/** What a person does about a printer without room for another client. */
export const MAKE_ROOM = 'Close slicers and apps that are connected to it, or restart it.';

export function neverReported(): DriverError {
  return new DriverError(
    'timeout',
    'The printer accepted the connection but never reported. Check the serial (upper case); or it may have too many ' +
      `clients. ${MAKE_ROOM}`,
  );
}

export function fellSilent(): DriverError {
  return new DriverError('timeout', 'The printer stopped reporting; connecting anew.');
}

export function unreadable(): DriverError {
  return new DriverError('protocol', 'The printer sends messages that cannot be read; connecting anew.');
}

export function commandsVanish(): DriverError {
  return new DriverError('unreachable', 'The printer reports, but answers no commands; connecting anew.');
}

/** Said at each start of a session whose printer proves nothing. */
export function warnOfNoTrust(target: PrinterTarget, log: DriverLog): void {
  if (target.trust !== 'insecure') return;
  log.warn(
    { serial: target.serial },
    'trust is "insecure": the access code goes to whoever answers at the address',
  );
}
