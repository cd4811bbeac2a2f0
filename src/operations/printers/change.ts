import { z } from 'zod';
import { COMM_METHODS, MASK } from '../../contract/enums.js';
import { ApiError } from '../../contract/errors.js';
import type { Transaction } from '../../database/transaction.js';
import { LOOKED_AT } from '../../domain/printer-standing.js';
import { connectionOf, type Printer, type PrinterConnection } from '../../domain/printers.js';
import { printer, printerConnection } from '../../resources/index.js';
import type { Patch } from '../../resources/resource.js';
import type { Deps } from '../deps.js';

const port = z.int().min(1).max(65_535);
const accessCode = z.string().min(1).max(64);

/** The contract's fields, and how the printer is reached, in the words in which it was registered. */
export const printerUpdate = z.object({
  name: z.string().min(1).max(1024).optional(),
  tags: z.array(z.string()).max(200).optional(),
  deviceId: z.string().nullable().optional(),
  nozzleDiameter: z.string().max(16).optional(),
  enabled: z.boolean().optional(),
  commMethod: z.enum(COMM_METHODS).nullable().optional(),
  integrationId: z.string().nullable().optional(),
  integrationType: z.string().nullable().optional(),
  metadata: z.object({ dev_access_code: accessCode.optional() }).nullable().optional(),
  host: z.string().min(1).max(255).optional(),
  mqttPort: port.optional(),
  ftpPort: port.optional(),
  cameraPort: port.nullable().optional(),
  accessCode: accessCode.optional(),
  trust: z.enum(['ca', 'tofu', 'insecure']).optional(),
});
export type PrinterUpdate = z.infer<typeof printerUpdate>;

export interface ChangedPrinter {
  readonly row: Printer;
  /** It is reached in another way than before: its session must be told. */
  readonly reconnect: boolean;
}

/**
 * Changes what the database owns.
 *
 * @throws ApiError not_found; managed_by_config for what the configuration file owns, with the file's name; conflict
 */
export async function changePrinter(
  tx: Transaction,
  printerId: string,
  body: PrinterUpdate,
  deps: Pick<Deps, 'settings' | 'hideSecret'>,
): Promise<ChangedPrinter> {
  const before = await tx.get(printer, printerId);
  const connection = await connectionOf(tx, printerId);
  const wanted = connectionPatch(connection, body);
  const changes = Object.keys(wanted);
  if (body.deviceId !== undefined && body.deviceId !== before.deviceId) changes.push('deviceId');
  const [first] = changes;
  if (first !== undefined && connection.configured)
    throw managedByConfig(`The ${first} of this printer`, deps);
  if (changes.includes('deviceId')) {
    throw new ApiError(
      'conflict',
      'deviceId: a printer is its serial number; register the other one as a new printer',
    );
  }
  if (wanted.accessCode !== undefined) deps.hideSecret(wanted.accessCode);
  if (first !== undefined) await tx.update(printerConnection, connection.id, wanted);
  const { name, tags, nozzleDiameter, enabled } = body;
  const row = await tx.update(printer, printerId, {
    name,
    tags,
    nozzleDiameter,
    enabled,
    ...(enabled === true && !before.enabled ? LOOKED_AT : {}),
    ...(name !== undefined && before.metadata ? { metadata: { ...before.metadata, name } } : {}),
  });
  return { row, reconnect: first !== undefined && connection.active };
}

/** `what` is set in the configuration file: `The host of this printer`. */
export function managedByConfig(what: string, { settings }: Pick<Deps, 'settings'>): ApiError {
  const { configFile } = settings;
  return new ApiError('managed_by_config', `${what} is set in ${configFile}; change it there`, {
    configFile,
  });
}

/** What of the connection would be another; the mask in place of an access code means the one there is. */
function connectionPatch(
  { host, mqttPort, ftpPort, cameraPort, accessCode: code, trust }: PrinterConnection,
  body: PrinterUpdate,
): Patch<typeof printerConnection> {
  const given = body.accessCode ?? body.metadata?.dev_access_code;
  return {
    ...(body.host !== undefined && body.host !== host ? { host: body.host } : {}),
    ...(body.mqttPort !== undefined && body.mqttPort !== mqttPort ? { mqttPort: body.mqttPort } : {}),
    ...(body.ftpPort !== undefined && body.ftpPort !== ftpPort ? { ftpPort: body.ftpPort } : {}),
    ...(body.cameraPort !== undefined && body.cameraPort !== cameraPort
      ? { cameraPort: body.cameraPort }
      : {}),
    ...(given !== undefined && given !== MASK && given !== code ? { accessCode: given } : {}),
    // Trust given anew begins anew: whoever answers next may be another mainboard in the same printer.
    ...(body.trust !== undefined && body.trust !== trust
      ? { trust: body.trust, pinnedFingerprint: null, pinnedAt: null }
      : {}),
  };
}
