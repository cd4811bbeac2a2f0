import { timestamp } from '../contract/time.js';
import type { CheckRule } from './check-rule.js';
import type { MatchPrinter, MatchSettings } from './input.js';

/** Whether the printer could take any job at all now. */
export const READINESS_CHECKS: readonly CheckRule[] = [
  {
    code: 'enabled',
    label: 'Enabled',
    temporary: true,
    passes: ({ printer }) => printer.printer.enabled,
    explain: (_, passed) =>
      passed
        ? 'The printer is enabled.'
        : 'The printer is disabled. Anyone with the permission printer.control can enable it.',
  },
  {
    code: 'in-maintenance',
    label: 'Not in maintenance',
    temporary: true,
    passes: ({ printer }) => !printer.printer.isInMaintenance,
    explain: ({ printer }, passed) =>
      passed ? 'The printer is not in maintenance.' : inMaintenance(printer.printer),
  },
  {
    code: 'online',
    label: 'Online',
    temporary: true,
    passes: ({ printer }) => printer.printer.online,
    explain: ({ printer }, passed) =>
      passed
        ? `The printer is online${lastSeen(printer.printer)}.`
        : `The printer is offline${lastSeen(printer.printer)}.${because(printer.printer)}`,
  },
  {
    code: 'available',
    label: 'Available',
    temporary: true,
    passes: ({ printer }) => isAvailable(printer.printer),
    explain: ({ printer }) => availability(printer.printer),
  },
  {
    code: 'ready',
    label: 'Bed clear',
    temporary: true,
    passes: ({ printer }) => printer.printer.ready,
    explain: (_, passed) =>
      passed
        ? 'The bed is confirmed clear.'
        : 'The bed is not confirmed clear: clear it and confirm that the printer is ready.',
  },
  {
    code: 'subscription-slots',
    label: 'Room for another job',
    temporary: true,
    passes: ({ settings }) => hasRoom(settings),
    explain: ({ settings }, passed) => room(settings, passed),
  },
];

export function isAvailable(printer: MatchPrinter): boolean {
  return printer.available && printer.setAside === null && printer.developerMode !== 'off';
}

export function hasRoom(settings: MatchSettings): boolean {
  return isBelowLimit(settings, 0) && startsAllowed(settings, 0);
}

/** @param more jobs that begin beside those under way */
export function isBelowLimit({ maxConcurrentJobs, activeJobs }: MatchSettings, more: number): boolean {
  return maxConcurrentJobs === null || activeJobs + more < maxConcurrentJobs;
}

/** @param more prints that begin beside this one */
export function startsAllowed({ startsLeft }: MatchSettings, more: number): boolean {
  return startsLeft === undefined || startsLeft === null || more < startsLeft.count;
}

function room(settings: MatchSettings, passed: boolean): string {
  const { maxConcurrentJobs, activeJobs, startsLeft } = settings;
  if (!passed && startsLeft && !startsAllowed(settings, 0)) return startsLeft.because;
  return maxConcurrentJobs === null
    ? 'The number of jobs under way is unlimited.'
    : `${activeJobs} of at most ${maxConcurrentJobs} jobs are under way.`;
}

/** Everything of the printer alone: what makes it a candidate in a pass. */
export function couldTakeAJob(printer: MatchPrinter): boolean {
  return (
    printer.enabled && !printer.isInMaintenance && printer.online && isAvailable(printer) && printer.ready
  );
}

function inMaintenance(printer: MatchPrinter): string {
  const since = printer.inMaintenanceSince;
  return since === null
    ? 'The printer is in maintenance.'
    : `The printer is in maintenance since ${timestamp(since)}.`;
}

function lastSeen(printer: MatchPrinter): string {
  return printer.lastSeenAt === null
    ? ': it has not reported yet'
    : `, last report ${timestamp(printer.lastSeenAt)}`;
}

/** What was found when it was last tried. */
function because({ awayBecause }: MatchPrinter): string {
  return awayBecause === null ? '' : ` ${awayBecause}`;
}

function availability(printer: MatchPrinter): string {
  if (printer.developerMode === 'off') {
    return (
      'Developer Mode is off, so the printer refuses jobs: switch on LAN Only Mode and then Developer Mode on its ' +
      'screen, restart it, and enter its new access code.'
    );
  }
  if (printer.setAside !== null) return `The printer is set aside: ${printer.setAside.reason}`;
  return printer.available
    ? 'The printer is free.'
    : `The printer is not free: ${printer.doing === '' ? 'its state is not known' : printer.doing}.`;
}
