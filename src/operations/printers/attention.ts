import type { WatchedUpkeep } from '../../domain/maintenance-due.js';
import type { Printer } from '../../domain/printers.js';
import { isOnline, type LivePrinter, type PrinterState } from '../../fleet/live-printer.js';

/** What a person should do about a printer. */
export interface Attention {
  /**
   * Stable word: `set-aside`, `continuous-print`, `developer-mode`, `storage`, `busy`, `maintenance-overdue`,
   * `maintenance-due-soon`, or the kind of the connection's error.
   */
  readonly code: string;
  readonly message: string;
}

const STORAGE: Readonly<Record<NonNullable<PrinterState['storage']>, string | null>> = {
  ok: null,
  none: 'There is no storage card or USB stick in the printer, so it can take no files.',
  abnormal: 'The storage card or USB stick is not in order: format or replace it.',
  'read-only': 'The storage card or USB stick is write-protected, so the printer can take no files.',
};

/** What the daemon decided about a printer by itself, as the database keeps it. */
export type Standing = Pick<Printer, 'setAside' | 'continuousEnded'>;

/** The most pressing first. @param lanOnly what the printer announces of itself; null when nothing */
export function attentionTo(
  live: Pick<LivePrinter, 'connection' | 'report'> | null,
  lanOnly: boolean | null,
  standing: Standing | null = null,
): readonly Attention[] {
  const found: Attention[] = [...decided(standing)];
  if (live === null) return found;
  const { error } = live.connection;
  if (error !== null) found.push({ code: error.kind, message: error.message });
  const state = isOnline(live) && live.report?.complete ? live.report.state : null;
  if (state === null) return found;
  if (state.developerMode === 'off') found.push({ code: 'developer-mode', message: lockedMessage(lanOnly) });
  const storage = state.storage === null ? null : STORAGE[state.storage];
  if (storage !== null) found.push({ code: 'storage', message: storage });
  if (state.upgrading) found.push({ code: 'busy', message: 'The printer is updating its firmware.' });
  return found;
}

function decided(standing: Standing | null): Attention[] {
  const { setAside = null, continuousEnded = null } = standing ?? {};
  return [
    ...(setAside === null
      ? []
      : [
          {
            code: 'set-aside',
            message:
              `It is given no jobs since ${setAside.at}: ${setAside.reason}. When that is mended, confirm that it is ` +
              'ready, enable it, or acknowledge it (POST /local/printers/{id}/acknowledge).',
          },
        ]),
    ...(continuousEnded === null
      ? []
      : [
          {
            code: 'continuous-print',
            message:
              `Continuous printing went off at ${continuousEnded.at}: ${continuousEnded.reason}. Look at the bed, ` +
              'confirm that it is clear, and switch it on again.',
          },
        ]),
  ];
}

function lockedMessage(lanOnly: boolean | null): string {
  const first =
    lanOnly === true
      ? 'LAN Only Mode is on already: switch on Developer Mode too'
      : 'switch on LAN Only Mode and then Developer Mode';
  return `The printer refuses commands of this program: ${first}, on its screen, restart it, and enter its new access code.`;
}

const UNITS = { print_hours: 'hours of printing', calendar_days: 'days', job_count: 'jobs' } as const;

/** What is due on a printer, the most overdue first. */
export function attentionToUpkeep(
  watched: readonly Pick<
    WatchedUpkeep,
    'itemName' | 'triggerType' | 'interval' | 'elapsed' | 'progress' | 'status'
  >[],
): readonly Attention[] {
  return watched
    .filter(({ status }) => status !== 'OK')
    .toSorted((one, other) => other.progress - one.progress)
    .map(({ itemName, triggerType, interval, elapsed, status }) => ({
      code: status === 'OVERDUE' ? 'maintenance-overdue' : 'maintenance-due-soon',
      message: `${itemName}: ${elapsed} of ${interval} ${UNITS[triggerType]} have passed.`,
    }));
}
