import type { Transaction } from '../database/transaction.js';
import { printJob } from '../resources/index.js';

/** Places are this far apart, so that a job fits between two others without touching either. */
export const STEP = 1024;

/**
 * Places for `count` new jobs of a tier, in their own order: behind all pending jobs or before the first.
 * When the front has no room left, the tier is numbered anew.
 */
export async function placesFor(
  tx: Transaction,
  priority: number,
  position: 'front' | 'back',
  count: number,
): Promise<readonly number[]> {
  const { first, last } = await ends(tx, priority);
  if (position === 'back') return sequence((last ?? 0) + STEP, count);
  const wanted = (first ?? STEP * (count + 1)) - STEP * count;
  if (wanted >= 0) return sequence(wanted, count);
  await renumber(tx, priority, count);
  return sequence(STEP, count);
}

function sequence(start: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start + index * STEP);
}

async function ends(
  tx: Transaction,
  priority: number,
): Promise<{ first: number | null; last: number | null }> {
  // Two looks at the ends of an index; one for both at once would read the whole tier.
  const end = (direction: 'asc' | 'desc') =>
    tx.db
      .selectFrom('printJob')
      .select('queueOrder')
      .where('storeId', '=', tx.context.storeId)
      .where('status', '=', 'pending')
      .where('priority', '=', priority)
      .orderBy('queueOrder', direction)
      .limit(1)
      .executeTakeFirst();
  return {
    first: (await end('asc'))?.queueOrder ?? null,
    last: (await end('desc'))?.queueOrder ?? null,
  };
}

async function renumber(tx: Transaction, priority: number, before: number): Promise<void> {
  const rows = await tx.db
    .selectFrom('printJob')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('status', '=', 'pending')
    .where('priority', '=', priority)
    .orderBy('queueOrder')
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
  for (const [index, row] of rows.entries()) {
    await tx.update(printJob, row.id, { queueOrder: (before + index + 1) * STEP });
  }
}
