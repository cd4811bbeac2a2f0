import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { moveToFront, placeAgain, reorder, reorderMany } from '../../src/domain/queue-moves.js';
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

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);

/** Makes the whole queue anew. @returns the ids by label */
async function fill(tiers: Readonly<Record<number, readonly number[]>>): Promise<Record<string, string>> {
  return write(async (tx) => {
    for (const job of await tx.db.selectFrom('printJob').select('id').execute())
      await tx.remove(printJob, job.id);
    const made: Record<string, string> = {};
    for (const [priority, orders] of Object.entries(tiers)) {
      for (const [index, queueOrder] of orders.entries()) {
        const label = `${priority}/${index}`;
        made[label] = await addJob(tx, queue, { label, priority: Number(priority), queueOrder });
      }
    }
    return made;
  });
}

async function queueOf(priority: number) {
  return farm.db.read
    .selectFrom('printJob')
    .select(['id', 'label', 'queueOrder'])
    .where('status', '=', 'pending')
    .where('priority', '=', priority)
    .orderBy('queueOrder')
    .orderBy('createdAt')
    .orderBy('id')
    .execute();
}
const labels = async (priority: number) => (await queueOf(priority)).map(({ label }) => label);
const get = (id: string) => write((tx) => tx.get(printJob, id));

/** A place for each job and no place for two. */
async function expectSound(): Promise<void> {
  for (const priority of [100, 1000]) {
    const orders = (await queueOf(priority)).map(({ queueOrder }) => queueOrder);
    expect(new Set(orders).size).toBe(orders.length);
    expect(orders.every((order) => Number.isSafeInteger(order) && order >= 0)).toBe(true);
  }
}

/** Crowded queues, where each move has to push others, and roomy ones. */
const tier = fc
  .uniqueArray(fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 9_000 })), { maxLength: 9 })
  .map((list) => list.toSorted((a, b) => a - b));

describe('a job that is put at the place of another', () => {
  it('has that place, and all others keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(tier, tier, fc.nat(), fc.nat(), fc.boolean(), async (normal, low, from, to, cross) => {
        fc.pre(normal.length > 0);
        const ids = await fill({ 100: normal, 1000: low });
        const moved = `100/${from % normal.length}`;
        const target = cross ? 1000 : 100;
        const there = await queueOf(target);
        const neighbour = there[to % (there.length || 1)];
        const newQueueOrder = neighbour?.queueOrder ?? 5;
        const place = neighbour ? there.indexOf(neighbour) : 0;
        const expected = (await labels(target)).filter((label) => label !== moved);
        expected.splice(place, 0, moved);
        const rest = (await labels(100)).filter((label) => label !== moved);

        const wanted = cross ? { newQueueOrder, priority: 1000 as const } : { newQueueOrder };
        const act = async () =>
          write(async (tx) => reorder(tx, await tx.get(printJob, ids[moved] ?? ''), wanted));
        await act();
        expect(await labels(target)).toEqual(expected);
        if (cross) expect(await labels(100)).toEqual(rest);
        await expectSound();
        const after = await queueOf(target);
        await act();
        // The same wish again is the same queue, but where the tier had to be numbered anew.
        if (after.some(({ label, queueOrder }) => label === moved && queueOrder === newQueueOrder))
          expect(await queueOf(target)).toEqual(after);
      }),
      { numRuns: 150 },
    );
  });

  it('takes any place that nobody has, and pushes as few as it can', async () => {
    const ids = await fill({ 100: [1024, 2048, 3072, 4096] });
    await write(async (tx) =>
      reorder(tx, await tx.get(printJob, ids['100/3'] ?? ''), { newQueueOrder: 1500 }),
    );
    expect((await queueOf(100)).map(({ label, queueOrder }) => [label, queueOrder])).toEqual([
      ['100/0', 1024],
      ['100/3', 1500],
      ['100/1', 2048],
      ['100/2', 3072],
    ]);
    await write(async (tx) =>
      reorder(tx, await tx.get(printJob, ids['100/0'] ?? ''), { newQueueOrder: 2048 }),
    );
    expect((await queueOf(100)).map(({ label, queueOrder }) => [label, queueOrder])).toEqual([
      ['100/3', 1500],
      ['100/1', 1774],
      ['100/0', 2048],
      ['100/2', 3072],
    ]);
  });

  it('goes to the back of the other tier when no place is named', async () => {
    const ids = await fill({ 100: [1024, 2048], 1000: [1024] });
    const id = ids['100/0'] ?? '';
    for (let time = 0; time < 2; time += 1) {
      await write(async (tx) => reorder(tx, await tx.get(printJob, id), { priority: 1000 }));
      expect(await labels(1000)).toEqual(['1000/0', '100/0']);
      expect(await get(id)).toMatchObject({ priority: 1000, queueOrder: 2048 });
    }
  });

  it('must still wait', async () => {
    const ids = await fill({ 100: [1024, 2048] });
    const id = ids['100/0'] ?? '';
    await write((tx) => tx.update(printJob, id, { status: 'assigned' }));
    const act = write(async (tx) => reorder(tx, await tx.get(printJob, id), { newQueueOrder: 5 }));
    await expect(act).rejects.toMatchObject({ code: 'invalid_state' });
  });
});

describe('many jobs placed at once', () => {
  it('stand as their values say, equal ones in the order of the list, and push others no further than they must', async () => {
    const places = fc.array(fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 6_000 })), { maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(tier, places, fc.boolean(), async (normal, wanted, reversed) => {
        const ids = await fill({ 100: normal, 1000: [7] });
        const named = Object.entries(ids)
          .filter(([label]) => label.startsWith('100/'))
          .slice(0, wanted.length);
        if (reversed) named.reverse();
        const updates = named.map(([label, id], index) => ({
          id,
          label,
          newQueueOrder: wanted[index] ?? 0,
        }));
        const names = new Set(updates.map(({ label }) => label));
        const before = (await queueOf(100)).filter(({ label }) => !names.has(label));
        await write((tx) => reorderMany(tx, updates));
        const queue = await queueOf(100);
        const byWish = updates.toSorted((a, b) => a.newQueueOrder - b.newQueueOrder);
        const mine = queue.filter(({ label }) => names.has(label));
        expect(mine.map(({ label }) => label)).toEqual(byWish.map(({ label }) => label));
        if (new Set(byWish.map((wish) => wish.newQueueOrder)).size === byWish.length)
          expect(mine.map(({ queueOrder }) => queueOrder)).toEqual(byWish.map((wish) => wish.newQueueOrder));
        const others = queue.filter(({ label }) => !names.has(label));
        expect(others.map(({ label }) => label)).toEqual(before.map(({ label }) => label));
        for (const [index, other] of others.entries()) {
          // Never earlier than it was, and not later than those named can push it.
          const was = before[index]?.queueOrder ?? 0;
          expect(other.queueOrder).toBeGreaterThanOrEqual(was);
          expect(other.queueOrder).toBeLessThanOrEqual(was + queue.length);
        }
        expect(await labels(1000)).toEqual(['1000/0']);
        await expectSound();
        const after = await queueOf(100);
        await write((tx) => reorderMany(tx, updates));
        expect(await queueOf(100)).toEqual(after);
      }),
      { numRuns: 150 },
    );
  });

  it('change their tier too, to the back where no place is named', async () => {
    const ids = await fill({ 100: [1024, 2048, 3072], 1000: [1024] });
    const [a = '', b = '', c = ''] = ['100/0', '100/1', '100/2'].map((label) => ids[label]);
    await write((tx) =>
      reorderMany(tx, [
        { id: c, priority: 1000 },
        { id: b, priority: 1000 },
        { id: a, priority: 1000, newQueueOrder: 0 },
      ]),
    );
    expect(await labels(1000)).toEqual(['100/0', '1000/0', '100/2', '100/1']);
    expect(await labels(100)).toEqual([]);
  });

  it('change all or none', async () => {
    const ids = await fill({ 100: [1024, 2048] });
    const before = await queueOf(100);
    const [a = '', b = ''] = ['100/0', '100/1'].map((label) => ids[label]);
    const unknown = write((tx) =>
      reorderMany(tx, [
        { id: a, newQueueOrder: 9 },
        { id: 'a'.repeat(24), newQueueOrder: 1 },
      ]),
    );
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
    await write((tx) => tx.update(printJob, b, { status: 'assigned' }));
    const taken = write((tx) =>
      reorderMany(tx, [
        { id: a, newQueueOrder: 9 },
        { id: b, newQueueOrder: 1 },
      ]),
    );
    await expect(taken).rejects.toMatchObject({ code: 'invalid_state' });
    expect(await get(a)).toMatchObject({ queueOrder: before[0]?.queueOrder });
  });
});

describe('jobs moved to the front', () => {
  let ids: Record<string, string>;
  beforeEach(async () => {
    ids = await fill({ 100: [0, 1, 2, 3], 1000: [0, 1] });
  });
  const front = (...names: readonly string[]) =>
    write(async (tx) => {
      const jobs = [];
      for (const name of names) jobs.push(await tx.get(printJob, ids[name] ?? ''));
      return moveToFront(tx, jobs);
    });

  it('go before the first of their own tier in the order given, also where there is no room', async () => {
    const moved = await front('1000/1', '100/3', '100/1');
    expect(moved).toEqual(['1000/1', '100/3', '100/1'].map((name) => ids[name]));
    expect(await labels(100)).toEqual(['100/3', '100/1', '100/0', '100/2']);
    expect(await labels(1000)).toEqual(['1000/1', '1000/0']);
    await expectSound();
  });

  it('stay where they are when they are there already', async () => {
    await front('100/3', '100/1');
    const before = await queueOf(100);
    expect(await front('100/3', '100/1')).toHaveLength(2);
    expect(await queueOf(100)).toEqual(before);
  });

  it('are only those that wait', async () => {
    await write((tx) => tx.update(printJob, ids['100/3'] ?? '', { status: 'assigned' }));
    expect(await front('100/3', '100/2')).toEqual([ids['100/2']]);
    expect(await labels(100)).toEqual(['100/2', '100/0', '100/1']);
  });
});

describe('a job that comes back from a printer', () => {
  it('stands before all that stood behind it, whoever took its place meanwhile, and nobody loses theirs', async () => {
    const wish = fc.record({ which: fc.nat(), place: fc.nat({ max: 12 }) });
    await fc.assert(
      fc.asyncProperty(tier, fc.nat(), fc.array(wish, { maxLength: 6 }), async (normal, which, wishes) => {
        fc.pre(normal.length > 1);
        const ids = await fill({ 100: normal });
        const away = `100/${which % normal.length}`;
        const id = ids[away] ?? '';
        await write((tx) => tx.update(printJob, id, { status: 'assigned' }));
        const others = Object.keys(ids).filter((label) => label !== away);
        for (const { which: one, place } of wishes) {
          const other = ids[others[one % others.length] ?? ''] ?? '';
          await write(async (tx) => reorder(tx, await tx.get(printJob, other), { newQueueOrder: place }));
        }
        const before = await labels(100);
        const its = await get(id);
        const behind = (await queueOf(100)).filter(({ queueOrder }) => queueOrder >= its.queueOrder).length;
        await write(async (tx) => {
          const queueOrder = await placeAgain(tx, await tx.get(printJob, id));
          await tx.update(printJob, id, { status: 'pending', queueOrder });
        });
        const expected = [...before];
        expected.splice(before.length - behind, 0, away);
        expect(await labels(100)).toEqual(expected);
        await expectSound();
      }),
      { numRuns: 100 },
    );
  });
});
