import { type ConnectionStatus, DriverError, isPrinting, type PrinterReport } from '../driver.js';
import { nothingSent } from './command-channel.js';
import { ENABLE_DEVELOPER_MODE } from './developer-mode.js';
import type { BambuModel } from './models.js';

/** What has to be true of a printer before a command may go to it (docs/protocol.md §6.4). */
export type Need =
  /** The whole state is known on this connection. */
  | 'reported'
  /** Developer Mode is not known to be off: what the printer would refuse is not sent. */
  | 'unlocked'
  /** Limits and signs depend on the model. */
  | 'model'
  /** No print is on the machine, and no firmware update. */
  | 'not-printing'
  /** Nothing moves: no print, or one that is paused, and no firmware update. */
  | 'not-moving'
  /** A print is on, and past its preparation. */
  | 'printing'
  /** Nothing known speaks against a print being on: what is not known does not hold it back. */
  | 'maybe-printing'
  /** No filament is loaded. */
  | 'unloaded'
  /** The nozzle in use is warm enough for filament to move. */
  | 'warm-nozzle';

export interface Circumstances {
  readonly status: ConnectionStatus;
  readonly report: PrinterReport | null;
  readonly model: BambuModel | null;
}

/** Below this, cold filament grinds instead of moving; degrees Celsius. */
export const WARM_NOZZLE_C = 170;

/** The first thing that speaks against a command; null when nothing does. */
export function whyNotSend(needs: readonly Need[], circumstances: Circumstances): DriverError | null {
  for (const need of needs) {
    const obstacle = whyUnmet(need, circumstances);
    if (obstacle !== null) return obstacle;
  }
  return null;
}

function whyUnmet(need: Need, { status, report, model }: Circumstances): DriverError | null {
  if (need === 'model') {
    return model !== null
      ? null
      : new DriverError('unsupported', 'The model of this printer is not known, and so are its limits.');
  }
  if (need === 'maybe-printing') return whyNothingToHold(status, report);
  if (status !== 'online' && status !== 'connecting' && status !== 'stale') return nothingSent();
  if (status !== 'online' || report === null || !report.complete) {
    return new DriverError(
      'unreachable',
      'The printer has not reported its whole state on this connection yet.',
    );
  }
  const { activity, upgrading, developerMode, activeTray, nozzles, activeNozzle } = report.state;
  switch (need) {
    case 'reported':
      return null;
    case 'unlocked':
      return developerMode !== 'off' ? null : new DriverError('developer-mode', ENABLE_DEVELOPER_MODE);
    case 'not-printing':
    case 'not-moving':
      if (activity === null) return silentAboutActivity();
      if (isPrinting(activity) && !(need === 'not-moving' && activity === 'PAUSE')) {
        const when = need === 'not-moving' ? 'between prints and in a pause' : 'between prints';
        return new DriverError('busy', `The printer reports ${activity}: this is possible ${when} only.`);
      }
      return upgrading ? new DriverError('busy', 'The printer is updating its firmware.') : null;
    case 'printing':
      if (activity === null) return silentAboutActivity();
      return activity === 'RUNNING' || activity === 'PAUSE'
        ? null
        : new DriverError(
            'rejected',
            `The printer reports ${activity}: this is possible during a print only.`,
          );
    case 'unloaded':
      return activeTray === null
        ? null
        : new DriverError('busy', 'Filament is loaded: a spool can be read after it has been unloaded.');
    case 'warm-nozzle': {
      const temp = nozzles.find((nozzle) => nozzle.index === activeNozzle)?.temp ?? null;
      if (temp !== null && temp >= WARM_NOZZLE_C) return null;
      const found = temp === null ? 'its temperature is not known' : `it has ${Math.round(temp)} °C`;
      return new DriverError('rejected', `The nozzle must have ${WARM_NOZZLE_C} °C or more; ${found}.`);
    }
  }
}

/** A printer acknowledges a pause of nothing, and one in its preparation, and goes on. */
function whyNothingToHold(status: ConnectionStatus, report: PrinterReport | null): DriverError | null {
  const activity = status === 'online' && report?.complete ? report.state.activity : null;
  if (activity === null || activity === 'RUNNING' || activity === 'PAUSE') return null;
  if (isPrinting(activity)) {
    const text = `The printer reports ${activity}: it still takes the print in and would ignore a pause. Pause once it prints.`;
    return new DriverError('busy', text);
  }
  return new DriverError(
    'rejected',
    `The printer reports ${activity}: this is possible during a print only.`,
  );
}

function silentAboutActivity(): DriverError {
  return new DriverError('unreachable', 'The printer does not say what it is doing.');
}
