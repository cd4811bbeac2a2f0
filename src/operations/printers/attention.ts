import { isOnline, type LivePrinter, type PrinterState } from '../../fleet/live-printer.js';

/** What a person should do about a printer. */
export interface Attention {
  /** Stable word: `developer-mode`, `storage`, `busy`, or the kind of the connection's error. */
  readonly code: string;
  readonly message: string;
}

const STORAGE: Readonly<Record<NonNullable<PrinterState['storage']>, string | null>> = {
  ok: null,
  none: 'There is no storage card or USB stick in the printer, so it can take no files.',
  abnormal: 'The storage card or USB stick is not in order: format or replace it.',
  'read-only': 'The storage card or USB stick is write-protected, so the printer can take no files.',
};

/** The most pressing first. @param lanOnly what the printer announces of itself; null when nothing */
export function attentionTo(
  live: Pick<LivePrinter, 'connection' | 'report'> | null,
  lanOnly: boolean | null,
): readonly Attention[] {
  if (live === null) return [];
  const found: Attention[] = [];
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

function lockedMessage(lanOnly: boolean | null): string {
  const first =
    lanOnly === true
      ? 'LAN Only Mode is on already: switch on Developer Mode too'
      : 'switch on LAN Only Mode and then Developer Mode';
  return `The printer refuses commands of this program: ${first}, on its screen, restart it, and enter its new access code.`;
}
