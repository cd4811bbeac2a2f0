import type { MatchJob, MatchPrinter } from './input.js';

/** Queue order: priority, place in the queue, age, id. */
export function byQueue(a: MatchJob, b: MatchJob): number {
  return (
    a.priority - b.priority ||
    a.queueOrder - b.queueOrder ||
    a.createdAt - b.createdAt ||
    compareText(a.id, b.id)
  );
}

/** Even wear: never printed first, then the longest idle, the fewest hours, name, id. */
export function byWear(a: MatchPrinter, b: MatchPrinter): number {
  return (
    (a.lastPrintedAt ?? Number.NEGATIVE_INFINITY) - (b.lastPrintedAt ?? Number.NEGATIVE_INFINITY) ||
    a.lifetimePrintHours - b.lifetimePrintHours ||
    compareText(a.name, b.name) ||
    compareText(a.id, b.id)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
