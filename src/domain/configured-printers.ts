import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { printer, printerConnection } from '../resources/index.js';
import { connectionBySerial, type NewPrinter, registerPrinter } from './printers.js';

export type ConfiguredPrinter = Omit<NewPrinter, 'configured' | 'pinnedFingerprint' | 'modelName'>;

/**
 * Brings the database in line with the printers that the configuration file lists. The file owns how they are
 * reached; names, tags and switches are the database's once the printer exists. A printer that the file no longer
 * lists is disabled and left alone, its rows kept.
 */
export async function syncConfiguredPrinters(
  tx: Transaction,
  listed: readonly ConfiguredPrinter[],
): Promise<void> {
  const serials = new Set(listed.map(({ serial }) => serial));
  for (const given of listed) {
    const known = await connectionBySerial(tx, given.serial);
    if (!known) {
      await registerPrinter(tx, { ...given, configured: true, pinnedFingerprint: null, modelName: null });
      continue;
    }
    const { host, mqttPort, ftpPort, cameraPort = null, accessCode, trust, modelCode } = given;
    await tx.update(printerConnection, known.id, {
      host,
      mqttPort,
      ftpPort,
      cameraPort,
      accessCode,
      trust,
      modelCode: modelCode ?? known.modelCode,
      configured: true,
      active: true,
    });
    if (!known.active) await tx.update(printer, known.printerId, { enabled: true });
  }
  await retireUnlisted(tx, serials);
}

async function retireUnlisted(tx: Transaction, listed: ReadonlySet<string>): Promise<void> {
  const rows = await tx.db
    .selectFrom('printerConnection')
    .selectAll()
    .where('storeId', '=', tx.context.storeId)
    .where('configured', '=', 1)
    .execute();
  for (const raw of rows) {
    const row = decodeRow(printerConnection, raw);
    if (listed.has(row.serial)) continue;
    await tx.update(printerConnection, row.id, { configured: false, active: false });
    await tx.update(printer, row.printerId, { enabled: false, isOnline: false, isAvailable: false });
  }
}
