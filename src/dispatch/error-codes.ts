/** Numbers of print errors, as far as they decide about a dispatch; `0300_400C` form (docs/protocol.md §5.4). */

/** A person, at the machine or here, ended the print (docs/protocol.md §7.2). */
const CANCEL_CODES: ReadonlySet<string> = new Set(['0300_400C', '0500_400E']);

/** The printer has something else in hand; it may be a start of ours or of another program. */
const BUSY_CODES: ReadonlySet<string> = new Set([
  '0500_4004',
  '0500_C07F',
  '0500_4005',
  '0500_4007',
  '0500_4009',
]);

export function isCancelCode(code: string | null): boolean {
  return code !== null && CANCEL_CODES.has(code);
}

/** Low words under 0x4000 tell of a phase, not of a fault. */
export function isFault(code: string | null): code is string {
  return lowWord(code) >= 0x4000 && !isCancelCode(code);
}

/** 0x4000 to 0x7FFF ends a print; what lies above pauses it or asks a question. */
export function isFatal(code: string | null): code is string {
  return isFault(code) && lowWord(code) < 0x8000;
}

/** Errors by which a printer refuses a start without showing our identity (docs/protocol.md §7.3). */
export function refusesStart(code: string | null): code is string {
  if (code === null || isCancelCode(code) || BUSY_CODES.has(code)) return false;
  return /^0500_[4C]0/.test(code) || /^0502_40/.test(code);
}

function lowWord(code: string | null): number {
  return code === null ? 0 : Number.parseInt(code.slice(5), 16);
}
