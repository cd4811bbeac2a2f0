import { FTPError } from 'basic-ftp';
import { DriverError, type PrinterTarget } from '../driver.js';
import { describeConnectError } from './connect-error.js';

/** What a reply means, and what would mend it (docs/protocol.md §8.3). */
const REPLIES: ReadonlyMap<number, readonly [kind: DriverError['kind'], meaning: string]> = new Map([
  [421, ['busy', 'it has too many connections open; close other programs that talk to it']],
  [425, ['busy', 'it could not open a data channel, another transfer may be running']],
  [426, ['unreachable', 'the transfer broke off; the network or the printer is overloaded']],
  [450, ['storage', 'the file is in use or the card cannot be reached']],
  [451, ['storage', 'the card failed while writing; check or reformat it']],
  [452, ['storage-full', 'its storage is full; delete files on the printer']],
  [500, ['unsupported', 'it does not know this command']],
  [502, ['unsupported', 'it does not know this command']],
  [504, ['unsupported', 'it does not know this command']],
  [522, ['protocol', 'it demands that the data channel resumes the TLS session']],
  [
    530,
    ['auth', 'the access code is wrong; read it again on the screen, it changes with LAN and Developer Mode'],
  ],
  [550, ['storage', 'the file cannot be reached; is a card or stick inserted and formatted?']],
  [552, ['storage-full', 'its storage is full; delete files on the printer']],
  [553, ['storage', 'the file cannot be created; is a card or stick inserted, formatted and not full?']],
]);

/** The printer was there, but took or said nothing for longer than it may. */
export class StallError extends DriverError {
  constructor(message: string) {
    super('unreachable', message);
  }
}

/** The code of a negative reply, null for any other error. */
export function replyCode(error: unknown): number | null {
  return error instanceof FTPError ? error.code : null;
}

/** Whether the server lacks the command rather than failing at it. */
export function isUnsupported(error: unknown): boolean {
  return [500, 502, 504].includes(replyCode(error) ?? 0);
}

/** Turns what a transfer threw into the driver's words. */
export function describeTransferError(error: unknown, target: PrinterTarget, doing: string): DriverError {
  if (error instanceof DriverError) return error;
  if (!(error instanceof FTPError)) {
    if (hasSystemCode(error)) return describeConnectError(error, target, target.ftpPort);
    const text = `${doing}: the connection to ${target.host}:${target.ftpPort} broke off.`;
    return new DriverError('unreachable', text, { cause: error });
  }
  const known = REPLIES.get(error.code);
  const [kind, meaning] = known ?? ['protocol', 'an answer this driver does not know'];
  return new DriverError(kind, `${doing}: the printer answered ${quoted(error.message)}: ${meaning}.`, {
    cause: error,
    code: String(error.code),
  });
}

/** The library marks a connection that was lost between two commands with the code "0". */
function hasSystemCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code !== '0';
}

/** A printer's own words are shown short and without control characters. */
function quoted(reply: string): string {
  return JSON.stringify(reply.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120));
}
