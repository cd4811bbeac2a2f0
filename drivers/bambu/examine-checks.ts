import { type CheckResult, DriverError, type DriverErrorKind, type PrinterReport } from '../driver.js';

type Result = Omit<CheckResult, 'check'>;

/** Below this the next files may not fit. */
const LITTLE_BYTES = 200_000_000;

/** How to mend each kind of trouble, in one line. */
const ADVICE: Readonly<Partial<Record<DriverErrorKind, string>>> = {
  auth: 'Read the access code again on the screen (Settings > LAN only) and enter it: it changes with LAN-only and Developer Mode.',
  certificate:
    'Compare the serial with the screen. If it is right: name the authority (caFile, bambu.extraCaFiles), or pin the certificate (trust: tofu).',
  unreachable:
    'Restart the printer, and look at the network between; a printer that just booted needs a minute.',
  timeout:
    'Close slicers and apps that are connected to the printer, or restart it; compare the serial, in capitals.',
  busy: 'Close slicers and apps that are connected to the printer, and try again when it is idle.',
  'storage-full': 'Delete files on the screen of the printer.',
  storage:
    'Put in a card (or a USB stick on P2S, H2 and X2D), formatted as FAT32 or exFAT, and restart the printer.',
  unsupported: 'Update the firmware, and enable LAN only and Developer Mode on the screen.',
  protocol: 'Restart the printer and update its firmware; if it stays so, look at diagnostics.messages.',
  'developer-mode':
    'Enable LAN only and then Developer Mode on the screen (Settings > LAN only), and restart the printer.',
};

export function skipped(why: string): Result {
  return { outcome: 'skipped', detail: why, advice: null };
}

/** @throws what is no trouble with the printer but a fault of ours */
export function failedCheck(error: unknown): Result {
  if (!(error instanceof DriverError)) throw error;
  if (error.kind === 'aborted') return skipped('called off');
  return {
    outcome: 'failed',
    detail: error.message,
    advice: ADVICE[error.kind] ?? 'Restart the printer and try again.',
  };
}

/** By what the file server tells; where it does not, by the reports. */
export function freeSpaceCheck(freeBytes: number | null, report: PrinterReport | null): Result {
  if (freeBytes === null) return storageCheck(report);
  const free = `${Math.round(freeBytes / 1_000_000)} MB free`;
  if (freeBytes >= LITTLE_BYTES) return { outcome: 'ok', detail: free, advice: null };
  return failedCheck(new DriverError('storage-full', `Only ${free}.`));
}

/** What the reports say of the card. */
export function storageCheck(report: PrinterReport | null): Result {
  switch (report?.state.storage ?? null) {
    case 'ok':
      return skipped('a card is in; how much room it has, the printer does not tell');
    case null:
      return skipped('not known');
    case 'none':
      return failedCheck(new DriverError('storage', 'There is no card in the printer.'));
    case 'abnormal':
      return failedCheck(new DriverError('storage', 'The printer cannot use its card.'));
    default:
      return failedCheck(new DriverError('storage', 'The card can only be read: it is write-protected.'));
  }
}

export function developerModeCheck(report: PrinterReport | null): Result {
  switch (report?.state.developerMode) {
    case 'on':
      return { outcome: 'ok', detail: 'on: the printer takes commands', advice: null };
    case 'off':
      return failedCheck(
        new DriverError(
          'developer-mode',
          'Developer Mode is off: the printer reports, but refuses commands.',
        ),
      );
    case 'unknown':
      return skipped('this firmware does not tell; it shows with the first command');
    default:
      return skipped('no report has come to tell it');
  }
}
