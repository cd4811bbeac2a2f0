import { type CommandOutcome, DriverError, type DriverErrorKind } from '../driver.js';
import { type JsonObject, readInteger, readText, readUint32 } from './coerce.js';
import { ENABLE_DEVELOPER_MODE } from './developer-mode.js';
import { errorCodeText, printErrorText } from './health.js';

const KIND_BY_CODE: Readonly<Record<string, DriverErrorKind>> = {
  '0502_4007': 'developer-mode',
  '0502_4009': 'developer-mode',
  '0500_4004': 'busy',
  '0500_C07F': 'busy',
  '0500_4005': 'busy',
  '0500_4007': 'busy',
  '0500_4009': 'busy',
  '0300_4013': 'busy',
  '0500_4006': 'storage-full',
  '0500_4015': 'storage-full',
  '0500_400C': 'storage',
  '0500_4016': 'storage',
  '0500_402E': 'storage',
  '0500_402F': 'storage',
  '0500_C010': 'storage',
  '0502_4004': 'unsupported',
  '0502_4006': 'unsupported',
};

const FAILED = /^fail/i;
const SUCCEEDED = /^success$/i;
const UNSIGNED = /verify failed/i;

/** What a negative `errno` means, by the command that was refused so. */
const SOFT_REFUSALS: Readonly<Record<string, string>> = {
  'ams_change_filament -2': 'The chamber is too hot for the soft filament that is loaded or asked for.',
  'ams_change_filament -4': 'The AMS is too hot to move filament.',
  'set_ctt -2': 'Soft filament is loaded, which a warm chamber would spoil.',
  'set_ctt -4': 'The chamber does not heat below 40 °C: it is off.',
};

/**
 * What an acknowledgement says (docs/protocol.md §6.1). One without a result proves nothing either way: some
 * firmware answers so while refusing.
 */
export function judgeAcknowledgement(body: JsonObject): CommandOutcome {
  const reason = readText(body.reason).slice(0, 200);
  const errorCode = readUint32(body.err_code) ?? 0;
  if (errorCode !== 0) return { kind: 'refused', error: refusalByCode(errorCode, body) };
  const result = readText(body.result);
  if (FAILED.test(result)) return { kind: 'refused', error: refusalByReason(reason) };
  const softRefusal = readInteger(body.errno) ?? 0;
  if (softRefusal < 0) {
    const meaning =
      SOFT_REFUSALS[`${readText(body.command)} ${softRefusal}`] ?? 'The printer refused the command.';
    return {
      kind: 'refused',
      error: new DriverError('rejected', `${meaning} (errno ${softRefusal})`, {
        code: `errno ${softRefusal}`,
      }),
    };
  }
  return SUCCEEDED.test(result) ? { kind: 'accepted' } : { kind: 'unanswered' };
}

/** With an `err_index` the printer would do it all the same for one who insists; this program does not. */
function refusalByCode(errorCode: number, { err_index: overridable }: JsonObject): DriverError {
  const code = errorCodeText(errorCode);
  const kind = KIND_BY_CODE[code] ?? 'rejected';
  if (kind === 'developer-mode') return new DriverError(kind, ENABLE_DEVELOPER_MODE, { code });
  const text = printErrorText(errorCode)?.text ?? 'The printer refused the command.';
  const hint = overridable === undefined ? '' : "; who knows better can insist on it in the vendor's program";
  return new DriverError(kind, `${text} (${code}${hint})`, { code });
}

function refusalByReason(reason: string): DriverError {
  if (UNSIGNED.test(reason)) return new DriverError('developer-mode', ENABLE_DEVELOPER_MODE);
  const why = reason === '' ? 'It gave no reason.' : `Its reason: ${reason}.`;
  return new DriverError('rejected', `The printer refused the command. ${why}`);
}
