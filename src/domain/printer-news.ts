import type { Kysely } from 'kysely';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { printer, printerNews, type Tables } from '../resources/index.js';
import type { HealthNote } from '../resources/printer-news.js';
import type { Row } from '../resources/resource.js';

/**
 * Writes down what is told of a printer's live state from now on. What is new of it becomes notices, as every change that
 * people ask to hear of does.
 *
 * @returns false when the printer is not there any more
 */
export async function rememberNews(
  tx: Transaction,
  printerId: string,
  news: { readonly awaySince: string | null; readonly health: readonly HealthNote[] },
): Promise<boolean> {
  if (!(await tx.find(printer, printerId))) return false;
  const known = await tx.db
    .selectFrom('printerNews')
    .select('id')
    .where('printerId', '=', printerId)
    .executeTakeFirst();
  if (known) await tx.update(printerNews, known.id, news);
  else await tx.insert(printerNews, { storeId: tx.context.storeId, printerId, ...news });
  return true;
}

/** What was told of every printer of a store that there was something to tell of. */
export async function rememberedNews(
  db: Kysely<Tables>,
  storeId: string,
): Promise<readonly Row<typeof printerNews>[]> {
  const rows = await db.selectFrom('printerNews').selectAll().where('storeId', '=', storeId).execute();
  return rows.map((row) => decodeRow(printerNews, row));
}
