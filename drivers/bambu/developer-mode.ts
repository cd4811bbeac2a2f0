import type { HealthMessage } from '../driver.js';
import { hasBit, type JsonObject, readHexBits } from './coerce.js';
import { isOlderFirmware, parseFirmware } from './firmware-version.js';
import { wikiCodeOf } from './health.js';
import type { BambuModel } from './models.js';

export type DeveloperMode = 'on' | 'off' | 'unknown';

const SIGNATURE_REQUIRED_BIT = 29;
/** "A command was not signed as it must be". */
const UNSIGNED_COMMAND_HEALTH = '0500_0500_0001_0007';
/** The same as a print error. */
const UNSIGNED_CODES: ReadonlySet<string> = new Set([UNSIGNED_COMMAND_HEALTH, '0502_4007', '0502_4009']);
/** What a person has to do about it; the same words wherever it shows. */
export const ENABLE_DEVELOPER_MODE =
  'The printer refuses commands of this program: switch on LAN Only Mode and then Developer Mode on its screen, ' +
  'restart it, and enter its new access code.';

/** Community firmware counts from here and takes commands as old releases do. */
const COMMUNITY_FIRMWARE = 99;

/**
 * Whether the printer takes commands that are not signed (docs/protocol.md §10).
 * @param learned what an acknowledgement of this connection proved, null before one did
 */
export function readDeveloperMode(
  print: JsonObject,
  context: {
    readonly model: BambuModel | null;
    readonly firmware: string | null;
    readonly learned: 'on' | 'off' | null;
    readonly health: readonly HealthMessage[];
  },
): DeveloperMode {
  if (context.health.some((message) => message.code === UNSIGNED_COMMAND_HEALTH)) return 'off';
  const functions = readHexBits(print.fun);
  if (functions !== null) return hasBit(functions, SIGNATURE_REQUIRED_BIT) ? 'off' : 'on';
  if (context.learned !== null) return context.learned;
  return predatesAuthorisation(context.model, context.firmware) ? 'on' : 'unknown';
}

/** Older firmware has no such restriction at all. */
function predatesAuthorisation(model: BambuModel | null, firmware: string | null): boolean {
  if ((parseFirmware(firmware)?.[0] ?? 0) >= COMMUNITY_FIRMWARE) return true;
  return isOlderFirmware(firmware, model?.authorisationFrom ?? null);
}

/** Says so in the health list also where the printer itself raises no message: every client reads that list. */
export function withLockedMessage(health: readonly HealthMessage[]): readonly HealthMessage[] {
  if (health.some(({ code }) => UNSIGNED_CODES.has(code))) return health;
  return [
    {
      code: UNSIGNED_COMMAND_HEALTH,
      message: ENABLE_DEVELOPER_MODE,
      severity: 'serious',
      source: 'state',
      wikiCode: wikiCodeOf(UNSIGNED_COMMAND_HEALTH),
    },
    ...health,
  ];
}
