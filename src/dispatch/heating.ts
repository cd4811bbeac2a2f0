import { isOnline, type LivePrinter, type PrinterState } from '../fleet/live-printer.js';

/** A heater this far below what it is set to draws its full power; degrees Celsius. */
const COLD_BY = 5;

/** Whether a printer warms up: it prepares a print, has not come to its first layer, or a heater is far from its goal. */
export function isHeating(live: Pick<LivePrinter, 'connection' | 'report'>): boolean {
  const { report } = live;
  if (!isOnline(live) || !report?.complete) return false;
  const { activity, print } = report.state;
  if (activity === 'PREPARE' || activity === 'SLICING') return true;
  return (activity === 'RUNNING' && print.layer === 0) || isCold(report.state);
}

function isCold({ bedTemp, bedTarget, nozzles }: PrinterState): boolean {
  const heaters = [{ temp: bedTemp, target: bedTarget }, ...nozzles];
  return heaters.some(({ temp, target }) => temp !== null && target !== null && temp < target - COLD_BY);
}
