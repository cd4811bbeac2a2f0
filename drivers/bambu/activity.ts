import { PRINTER_ACTIVITIES, type PrinterActivity } from '../driver.js';
import { readText } from './coerce.js';

const byName = new Map<string, PrinterActivity>(PRINTER_ACTIVITIES.map((activity) => [activity, activity]));

/** `gcode_state` in one of the known words; null for anything else (docs/protocol.md §5.2). */
export function readActivity(gcodeState: unknown): PrinterActivity | null {
  return byName.get(readText(gcodeState).toUpperCase()) ?? null;
}
