import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';
import { moveJob } from './jobs.js';

/** A print as it was noticed on a printer. */
export interface SeenPrint {
  readonly ids: readonly string[];
  readonly name: string;
  readonly file: string;
  /** It was seen active, and not only betrayed by its marks. */
  readonly active: boolean;
}

/** A dispatch of the printer whose start was sent is open: it decides about the bed, not what reports show. */
export async function isWithPrinter(tx: Transaction, printerId: string): Promise<boolean> {
  const open = await tx.db
    .selectFrom('dispatch')
    .select('id')
    .where('printerId', '=', printerId)
    .where('endedAt', 'is', null)
    .where('startSentAt', 'is not', null)
    .executeTakeFirst();
  return open !== undefined;
}

/**
 * Whether a print seen on a printer leaves its bed in doubt. Ours does not: the dispatch that sent it decides, and
 * once it is completed, has decided.
 *
 * @param ids what the print shows of itself, none when it shows none
 */
export async function leavesBedInDoubt(
  tx: Transaction,
  printerId: string,
  ids: readonly string[],
): Promise<boolean> {
  if (await isWithPrinter(tx, printerId)) return false;
  const known = await dispatchOf(tx, printerId, ids);
  if (known?.outcome === 'completed') return false;
  if (known?.outcome === 'not-started') await noteLateStart(tx, known.printJobId);
  return true;
}

/**
 * Whether a printer prints a file of ours by itself, as some do when they are switched on (docs/protocol.md §7.4): under
 * the name of a print of ours that is over, or that showed ids while this one shows none.
 */
export async function isGhost(tx: Transaction, printerId: string, print: SeenPrint): Promise<boolean> {
  const { ids, name, file, active } = print;
  if (!active || ids.length > 0 || (name === '' && file === '')) return false;
  const ours = await tx.db
    .selectFrom('dispatch')
    .select('id')
    .where('printerId', '=', printerId)
    .where('startSentAt', 'is not', null)
    .where((eb) => eb.or([eb('name', '=', name), eb('remoteName', '=', file)]))
    .where((eb) => eb.or([eb('endedAt', 'is not', null), eb('recognisedBy', '=', 'ids')]))
    .executeTakeFirst();
  return ours !== undefined;
}

/** A print that was given up began after all: whoever finds the job failed must not believe that nothing happened. */
async function noteLateStart(tx: Transaction, jobId: string): Promise<void> {
  const job = await tx.find(printJob, jobId);
  if (job?.status !== 'failed') return;
  await moveJob(tx, jobId, 'failed', {
    errorMessage: 'outcome unknown: the printer began the print long after it was given up',
  });
}

async function dispatchOf(tx: Transaction, printerId: string, ids: readonly string[]) {
  const tokens = ids.filter((id) => /^\d{1,10}$/.test(id)).map(Number);
  if (tokens.length === 0) return undefined;
  return tx.db
    .selectFrom('dispatch')
    .select(['printJobId', 'outcome'])
    .where('printerId', '=', printerId)
    .where((eb) => eb.or([eb('token', 'in', tokens), eb('previousToken', 'in', tokens)]))
    .executeTakeFirst();
}
