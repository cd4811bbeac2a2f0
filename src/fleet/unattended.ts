import { isPrinting, type PrinterState } from '../../drivers/driver.js';
import { isWantedPause } from '../domain/wanted-pauses.js';

/**
 * Why a printer should not be left to itself, in words; null when nothing speaks against it: a message of its own, or a
 * door that stands open while it does not print, for somebody is at it.
 */
export function whyAttended(state: PrinterState): string | null {
  const printing = isPrinting(state.activity);
  // The error of a print stays on the screen after its end, and says nothing about the next one.
  const entry = state.health.find(
    ({ code, severity, source }) =>
      severity !== 'info' &&
      !isWantedPause(code) &&
      (source === 'hms' || (source === 'print-error' && printing)),
  );
  if (entry !== undefined) return `it says ${entry.code}: ${entry.message}`;
  return state.doorOpen === true && !printing ? 'its door stands open' : null;
}
