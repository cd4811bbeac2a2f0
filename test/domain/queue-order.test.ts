import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { placesFor } from '../../src/domain/queue-order.js';
import { printJob } from '../../src/resources/index.js';
import type { TestDatabase } from '../fixtures/database.js';
import { addJob, openQueue, type Queue } from './queue.js';

let queue: Queue;
let farm: TestDatabase;

beforeAll(async () => {
  queue = await openQueue();
  farm = queue.farm;
});
afterAll(() => farm.close());

async function add(tx: Transaction, label: string, priority: number, queueOrder: number): Promise<void> {
  await addJob(tx, queue, { label, priority, queueOrder });
}

/** Labels of the pending jobs of a tier as the queue is read, and their places. */
async function queueOf(priority: number) {
  return farm.db.read
    .selectFrom('printJob')
    .select(['label', 'queueOrder'])
    .where('status', '=', 'pending')
    .where('priority', '=', priority)
    .orderBy('queueOrder')
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
}

const empty = () =>
  farm.db.write(farm.context, async (tx) => {
    const jobs = await tx.db.selectFrom('printJob').select('id').execute();
    for (const job of jobs) await tx.remove(printJob, job.id);
  });

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      position: fc.constantFrom('front' as const, 'back' as const),
      priority: fc.constantFrom(100, 1000),
      count: fc.integer({ min: 0, max: 4 }),
    }),
    fc.record({ kind: fc.constant('take' as const), at: fc.nat({ max: 8 }) }),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('places in the queue', () => {
  it('put every job where it was asked to be, whatever came before', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        await empty();
        const expected: Record<number, string[]> = { 100: [], 1000: [] };
        let made = 0;
        for (const step of list) {
          if (step.kind === 'take') {
            const [label] = expected[100]?.splice(step.at, 1) ?? [];
            if (label === undefined) continue;
            await farm.db.write(farm.context, async (tx) => {
              const row = await tx.db
                .selectFrom('printJob')
                .select('id')
                .where('label', '=', label)
                .executeTakeFirst();
              await tx.update(printJob, row?.id ?? '', { status: 'assigned' });
            });
            continue;
          }
          const labels = Array.from({ length: step.count }, () => `job ${made++}`);
          await farm.db.write(farm.context, async (tx) => {
            const places = await placesFor(tx, step.priority, step.position, step.count);
            expect(places).toHaveLength(step.count);
            for (const [index, label] of labels.entries())
              await add(tx, label, step.priority, places[index] ?? -1);
          });
          const tier = expected[step.priority] ?? [];
          if (step.position === 'front') tier.unshift(...labels);
          else tier.push(...labels);
        }
        for (const priority of [100, 1000]) {
          const queue = await queueOf(priority);
          expect(queue.map((job) => job.label)).toEqual(expected[priority]);
          const orders = queue.map((job) => job.queueOrder);
          expect(new Set(orders).size).toBe(orders.length);
          expect(orders.every((order) => Number.isSafeInteger(order) && order >= 0)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('renumber a tier when its front is full, and leave the other alone', async () => {
    await empty();
    await farm.db.write(farm.context, async (tx) => {
      await add(tx, 'first', 100, 0);
      await add(tx, 'second', 100, 5);
      await add(tx, 'low', 1000, 0);
    });
    await farm.db.write(farm.context, async (tx) => {
      const [place = -1] = await placesFor(tx, 100, 'front', 1);
      await add(tx, 'new', 100, place);
    });
    expect(await queueOf(100)).toEqual([
      { label: 'new', queueOrder: 1024 },
      { label: 'first', queueOrder: 2048 },
      { label: 'second', queueOrder: 3072 },
    ]);
    expect(await queueOf(1000)).toEqual([{ label: 'low', queueOrder: 0 }]);
  });
});
