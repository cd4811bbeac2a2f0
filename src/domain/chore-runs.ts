import type { Transaction } from '../database/transaction.js';
import { choreRun } from '../resources/index.js';
import type { Row } from '../resources/resource.js';

/** Writes down the last run of a piece of daily work, in the place of the one before. */
export async function writeRun(
  tx: Transaction,
  run: Pick<Row<typeof choreRun>, 'chore' | 'startedAt' | 'durationMs' | 'result' | 'error'>,
): Promise<void> {
  const known = await tx.db
    .selectFrom('choreRun')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('chore', '=', run.chore)
    .executeTakeFirst();
  if (known) await tx.update(choreRun, known.id, run);
  else await tx.insert(choreRun, { storeId: tx.context.storeId, ...run });
}
