import type { PrinterState } from '../fleet/live-printer.js';

type Print = PrinterState['print'];

/** Stages in which the machine warms up: bed, nozzle, chamber, hotend (docs/protocol.md §5.3). */
const HEATING_STAGES: ReadonlySet<number> = new Set([2, 7, 49, 54, 58, 63, 64]);

const M400_STAGE = 5;

/** What the printer is doing in one verb; null when it does not say. */
export function activityVerb(state: PrinterState): string | null {
  switch (state.activity) {
    case null:
      return null;
    case 'IDLE':
      return 'idle';
    case 'PREPARE':
    case 'SLICING':
      return isHeating(state.print) ? 'heating' : 'downloading';
    case 'RUNNING':
      return isHeating(state.print) ? 'heating' : 'printing';
    case 'PAUSE':
      return 'paused';
    case 'FINISH':
      return 'finished';
    case 'FAILED':
      return 'error';
  }
}

/** Clients look for `m400` in the stage to tell a pause the file asked for. */
export function stageName(print: Print): string {
  return print.stage === M400_STAGE ? 'M400 pause' : print.stageText;
}

function isHeating(print: Print): boolean {
  return print.stage !== null && HEATING_STAGES.has(print.stage);
}
