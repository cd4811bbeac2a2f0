import { notFound } from '../../contract/errors.js';
import type { Database } from '../../database/database.js';
import { printer } from '../../resources/index.js';

/** @throws ApiError not_found for an id that is no printer of the store */
export async function requirePrinter(database: Database, printerId: string, storeId: string): Promise<void> {
  const row = await database.read
    .selectFrom('printer')
    .select('id')
    .where('storeId', '=', storeId)
    .where('id', '=', printerId)
    .executeTakeFirst();
  if (!row) throw notFound(printer.label, printerId);
}
