import { DriverError } from '../driver.js';

/** Why a session gives up a connection that still stands. */

export function neverReported(): DriverError {
  return new DriverError(
    'timeout',
    'The printer accepted the connection but never reported. Check the serial (upper case), and that not too many ' +
      'slicers and apps are connected to it.',
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
