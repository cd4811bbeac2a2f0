import { invalidInput } from '../contract/errors.js';
import { decodeRow } from '../database/rows.js';
import type { Transaction } from '../database/transaction.js';
import { order, printJob } from '../resources/index.js';
import type { Values } from '../resources/inputs.js';
import { cancelJobs } from './jobs.js';
import type { EntityRules } from './rules.js';
import { textOf } from './text.js';
import { refuseTwin } from './twin.js';

/** A shop's order is there once; a cancelled one is closed, and nothing waits to be printed for it. */
export const orderRules: EntityRules = {
  async write(tx, values, before) {
    const given: Values = {
      ...values,
      ...sourceOf(values, before),
      ...stateOf(values, before),
      // Some clients send an empty one for none.
      ...(values.externalId === undefined ? {} : { externalId: textOf(values.externalId) }),
    };
    const { source, externalId } = { ...before, ...given };
    if (typeof externalId === 'string')
      await refuseTwin(tx, order, before, { source, externalId }, 'source and externalId');
    if (before && before.cancelledAt === null && typeof given.cancelledAt === 'string')
      await cancelWaiting(tx, String(before.id));
    return given;
  },
  async remove(tx, row) {
    await cancelWaiting(tx, String(row.id));
  },
};

function sourceOf(values: Values, before: Values | null): Values {
  const unsaid = values.source === null || (values.source === undefined && !before);
  return unsaid ? { source: 'manual' } : {};
}

/** Cancelling closes, opening takes the cancellation back. @throws ApiError validation_failed for both at once */
function stateOf(values: Values, before: Values | null): { status?: string; cancelledAt?: string | null } {
  const { status, cancelledAt } = values;
  const cancels = typeof cancelledAt === 'string' && cancelledAt !== before?.cancelledAt;
  if (status === 'open' && cancels)
    throw invalidInput([
      { path: '$input.status', expected: 'closed, which a cancelled order is', value: status },
    ]);
  if (cancels) return { status: 'closed', cancelledAt };
  return status === 'open' ? { cancelledAt: null } : {};
}

/** Cancels what no printer has begun; what is with a printer goes on. */
async function cancelWaiting(tx: Transaction, orderId: string): Promise<void> {
  const rows = await tx.db
    .selectFrom('printJob')
    .selectAll()
    .where('orderId', '=', orderId)
    .where('status', '=', 'pending')
    .execute();
  const waiting = rows.map((row) => decodeRow(printJob, row));
  await cancelJobs(tx, waiting);
}
