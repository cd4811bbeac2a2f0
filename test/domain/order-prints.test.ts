import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStatus } from '../../src/contract/enums.js';
import type { Transaction } from '../../src/database/transaction.js';
import { hasEnded } from '../../src/domain/job-status.js';
import { moveJobThrough } from '../../src/domain/jobs.js';
import { changeItem, removeItem } from '../../src/domain/order-items.js';
import { printOrders } from '../../src/domain/order-prints.js';
import { createOrder } from '../../src/domain/orders.js';
import { queueAgain } from '../../src/domain/queue-again.js';
import { createSku, updateSku } from '../../src/domain/skus.js';
import { readRow, readRows } from '../../src/query/read-rows.js';
import {
  order,
  orderItem,
  part,
  partBuild,
  printJob,
  skuBuild,
  storedFile,
} from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let farm: TestDatabase;
let skuId: string;
let tall: string;

/** A lamp is two feet, of one plate each, and a shade of two plates. */
const PER_LAMP = new Map([
  ['Foot 1', 2],
  ['Shade 1', 1],
  ['Shade 2', 1],
]);

beforeAll(async () => {
  farm = await testDatabase();
  const [foot, shade] = await write((tx) => Promise.all([aPart(tx, 'foot', 1), aPart(tx, 'shade', 2)]));
  skuId = await aSku('LAMP', [
    { partId: foot ?? '', quantity: 2, label: 'Foot' },
    { partId: shade ?? '', quantity: 1, label: 'Shade' },
  ]);
  tall = await aSku('TALL', [{ partId: foot ?? '', quantity: 3, label: 'Foot' }]);
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>): Promise<T> => farm.db.write(farm.context, fn);

async function aPart(tx: Transaction, name: string, plates: number): Promise<string> {
  const { storeId } = tx.context;
  const path = `parts/${name}.3mf`;
  // What is tried again must have its file still.
  await tx.insert(storedFile, { storeId, uri: path, kind: 'part', sha256: 'a'.repeat(64), bytes: 1 });
  const row = await tx.insert(part, {
    storeId,
    name,
    type: 'gcode3mf',
    fileUris: [path],
    fileHashes: ['a'.repeat(64)],
    metadata: {
      printerModel: 'Bambu Lab P1S',
      plates: Array.from({ length: plates }, (_, index) => ({
        id: index + 1,
        gcodeFile: `Metadata/plate_${index + 1}.gcode`,
        sliced: { filaments: [] },
      })),
    },
  });
  return row.id;
}

const linked = (link: object) => ({ parameters: [], exposedParameters: [], ...link });
async function aSku(code: string, links: readonly object[]): Promise<string> {
  const values = { sku: code, title: code, description: '' };
  return (await write((tx) => createSku(tx, { values, linkedParts: links.map(linked) }))).id;
}

async function anOrder(...items: readonly object[]): Promise<{ orderId: string; itemIds: string[] }> {
  const given = items.length > 0 ? items : [{ skuId, quantity: 1 }];
  const orderId = await write((tx) =>
    createOrder(tx, { order: { orderNumber: '7' }, items: given.map((item) => ({ ...item })) }),
  );
  const rows = await readRows(farm.db.read, orderItem, farm.storeId, { orderId });
  return { orderId, itemIds: rows.map(({ id }) => id) };
}

const NEW_JOBS = { tags: {}, priority: 100, position: 'back' } as const;
const print = (orderId: string, more: Partial<Parameters<typeof printOrders>[1]> = {}) =>
  write(async (tx) => {
    const errors = await printOrders(tx, { orderIds: [orderId], skuIds: [], newJobs: NEW_JOBS, ...more });
    return { errors, changes: tx.changes.length };
  });

const partBuildsOf = async (orderId: string) =>
  (await readRows(farm.db.read, partBuild, farm.storeId, { orderId })).toSorted(
    (a, b) => (a.skuInstanceStart ?? 0) - (b.skuInstanceStart ?? 0),
  );
const jobsOf = (orderId: string) => readRows(farm.db.read, printJob, farm.storeId, { orderId });
const counts = ({ status }: { status: JobStatus }) => status !== 'cancelled' && status !== 'failed';
type Job = Awaited<ReturnType<typeof jobsOf>>[number];
const placeOf = (job: Job) => `${job.label} ${job.extensions?.['3mf']?.plateId}`;
const counted = (jobs: readonly Job[]) => jobs.filter(counts).map(placeOf).sort();

/** From the queue to wherever: the way that a job goes. */
const WAY: readonly JobStatus[] = [
  'assigned',
  'ready-for-printer',
  'sending-to-printer',
  'printing',
  'completed',
];
function move({ id, status }: Job, to: JobStatus): Promise<unknown> {
  const end = WAY.includes(to) ? WAY.indexOf(to) : Math.max(0, WAY.indexOf(status));
  const between = WAY.slice(WAY.indexOf(status) + 1, WAY.includes(to) ? end : end + 1);
  return write((tx) => moveJobThrough(tx, id, [...between, to], {}));
}

describe('printing an order', () => {
  it('makes every job of it once, as builds of its SKU that know the item', async () => {
    const { orderId, itemIds } = await anOrder({ skuId, quantity: 2 });
    expect((await print(orderId)).errors).toEqual([]);
    const jobs = await jobsOf(orderId);
    expect(counted(jobs)).toEqual([
      ...Array.from({ length: 4 }, () => 'Foot 1'),
      ...['Shade 1', 'Shade 1', 'Shade 2', 'Shade 2'],
    ]);
    expect(jobs.map(({ skuInstance }) => skuInstance)).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
    expect(jobs.every(({ orderItemId }) => orderItemId === itemIds[0])).toBe(true);
    const [build] = await readRows(farm.db.read, skuBuild, farm.storeId, { orderId });
    expect(build).toMatchObject({ skuId, skuInstanceStart: 1, orderItemId: itemIds[0], status: 'running' });
    expect(await readRow(farm.db.read, orderItem, farm.storeId, itemIds[0] ?? '')).toMatchObject({
      processedStatus: 'processed',
      processedAt: expect.any(String),
    });
    expect((await readRow(farm.db.read, order, farm.storeId, orderId)).processedAt).not.toBeNull();
    expect(await print(orderId)).toEqual({ errors: [], changes: 0 });
  });

  it('goes on counting copies where more are wanted, and takes the last back where fewer are', async () => {
    const { orderId, itemIds } = await anOrder({ skuId: tall, quantity: 2 });
    await print(orderId);
    await write((tx) => changeItem(tx, itemIds[0] ?? '', { quantity: 4 }));
    await print(orderId);
    const builds = await partBuildsOf(orderId);
    expect(builds).toMatchObject([
      { quantity: 6, numPartsPerSku: 3, skuInstanceStart: 1 },
      { quantity: 6, numPartsPerSku: 3, skuInstanceStart: 3 },
    ]);
    const [first, ...others] = await jobsOf(orderId);
    expect(others.at(-1)).toMatchObject({ skuInstance: 4, quantityIndex: 6, quantityTotal: 6 });
    if (first) await move(first, 'printing');
    await write((tx) => changeItem(tx, itemIds[0] ?? '', { quantity: 1 }));
    await print(orderId);
    const left = (await jobsOf(orderId)).filter(counts);
    expect(left.map(({ skuInstance }) => skuInstance)).toEqual([1, 1, 1]);
    expect(left.filter(({ status }) => status === 'printing').map(({ id }) => id)).toEqual([first?.id]);
  });

  it('makes again what failed and no more, for the copy that it was for', async () => {
    const { orderId } = await anOrder({ skuId, quantity: 3 });
    await print(orderId);
    const job = (await jobsOf(orderId)).find((one) => placeOf(one) === 'Shade 2' && one.skuInstance === 2);
    if (job) await move(job, 'failed');
    await print(orderId);
    const made = (await jobsOf(orderId)).filter(({ partBuildId }) => partBuildId !== job?.partBuildId);
    const fresh = made.filter((one) => one.label === 'Shade');
    expect(fresh).toMatchObject([
      { skuInstance: 2, quantityTotal: 1, extensions: { '3mf': { plateId: 2 } } },
    ]);
  });

  it('counts a print of which nobody knows whether it was made, and says so', async () => {
    const { orderId } = await anOrder({ skuId: tall, quantity: 1 });
    await print(orderId);
    const [job] = await jobsOf(orderId);
    if (job) await move(job, 'failed');
    await write((tx) =>
      tx.update(printJob, job?.id ?? '', { errorMessage: 'outcome unknown: it went away' }),
    );
    const again = await print(orderId);
    expect(again).toEqual({ errors: [expect.stringContaining(job?.id ?? '?')], changes: 0 });
  });

  it('takes back what waits for an item that is removed, or is of another SKU now', async () => {
    const { orderId, itemIds } = await anOrder({ skuId, quantity: 1 }, { sku: 'LAMP', quantity: 1 });
    await print(orderId);
    await write((tx) => removeItem(tx, itemIds[0] ?? ''));
    await write((tx) => changeItem(tx, itemIds[1] ?? '', { originalSku: 'TALL' }));
    expect(counted(await jobsOf(orderId))).toHaveLength(8);
    await print(orderId);
    const left = (await jobsOf(orderId)).filter(counts);
    expect(left.map((job) => [job.skuId, job.orderItemId])).toEqual(
      Array.from({ length: 3 }, () => [tall, itemIds[1]]),
    );
  });

  it('makes anew what would be made of other material now, but for what has begun', async () => {
    const [one] = await write((tx) => Promise.all([aPart(tx, 'cup', 1)]));
    const cup = await aSku('CUP', [{ partId: one ?? '', quantity: 1, label: 'Cup' }]);
    const { orderId, itemIds } = await anOrder({ skuId: cup, quantity: 3 });
    await print(orderId);
    const [begun] = await jobsOf(orderId);
    if (begun) await move(begun, 'printing');
    const materials = { 0: [{ materialType: 'PETG' }] };
    const skuConfig = { linkedPartConfigs: { [one ?? '']: { materials } } };
    await write((tx) => changeItem(tx, itemIds[0] ?? '', { skuConfig }));
    await print(orderId);
    const left = (await jobsOf(orderId)).filter(counts);
    expect(left.map((job) => [job.status, job.skuInstance, job.materialAssignments])).toEqual([
      ['printing', 1, null],
      ['pending', 2, materials],
      ['pending', 3, materials],
    ]);
    expect((await print(orderId)).changes).toBe(0);
    // Linked parts that were replaced do not make it print again.
    const again = [linked({ partId: one, quantity: 1, label: 'Renamed', materialAssignments: materials })];
    await write((tx) => updateSku(tx, cup, { values: {}, linkedParts: again }));
    await print(orderId);
    expect((await jobsOf(orderId)).filter(counts).map(({ id }) => id)).toEqual(left.map(({ id }) => id));
  });

  it('says what cannot be printed, leaves that as it is, and prints the rest', async () => {
    const none = await aSku('NONE', []);
    const { orderId, itemIds } = await anOrder(
      { sku: 'WHO', quantity: 1 },
      { skuId: none, quantity: 1 },
      { skuId, quantity: 2_000 },
      { skuId: tall, quantity: 1, skuConfig: { linkedPartConfigs: { nothing: { quantity: 2 } } } },
      { skuId: tall, quantity: 1, ignored: true },
      { skuId: tall, quantity: 1 },
    );
    const closed = await anOrder();
    await write((tx) => tx.update(order, closed.orderId, { status: 'closed' }));
    const nobody = 'n'.repeat(24);
    const { errors } = await print(orderId, { orderIds: [orderId, closed.orderId, nobody] });
    expect(errors).toEqual([
      expect.stringContaining(`no order ${nobody}`),
      expect.stringContaining('is closed'),
      expect.stringContaining('WHO'),
      expect.stringContaining('no part to print'),
      expect.stringContaining('8000 jobs'),
      expect.stringContaining('"nothing" is neither'),
    ]);
    const items = await readRows(farm.db.read, orderItem, farm.storeId, { orderId });
    expect(items.map(({ processedStatus }) => processedStatus)).toEqual([
      ...Array.from({ length: 5 }, () => 'unprocessed'),
      'processed',
    ]);
    expect((await jobsOf(orderId)).map(({ orderItemId }) => orderItemId)).toEqual(
      Array.from({ length: 3 }, () => itemIds[5]),
    );
    expect(await jobsOf(closed.orderId)).toEqual([]);
  });

  it('is of the SKUs that are asked for', async () => {
    const { orderId, itemIds } = await anOrder({ skuId, quantity: 1 }, { skuId: tall, quantity: 1 });
    const nobody = 'n'.repeat(24);
    expect((await print(orderId, { skuIds: [tall, nobody] })).errors).toEqual([`There is no SKU ${nobody}`]);
    expect(new Set((await jobsOf(orderId)).map(({ orderItemId }) => orderItemId))).toEqual(
      new Set([itemIds[1]]),
    );
  });

  it('puts jobs before all others in their own order', async () => {
    const { orderId } = await anOrder({ skuId, quantity: 1 }, { skuId: tall, quantity: 1 });
    await print(orderId, { newJobs: { ...NEW_JOBS, position: 'front' } });
    const jobs = (await jobsOf(orderId)).toSorted((a, b) => a.queueOrder - b.queueOrder);
    expect(jobs.map((job) => `${job.skuName} ${placeOf(job)}`)).toEqual([
      'LAMP Foot 1',
      'LAMP Foot 1',
      'LAMP Shade 1',
      'LAMP Shade 2',
      ...Array.from({ length: 3 }, () => 'TALL Foot 1'),
    ]);
  });

  it('takes more builds where one may not make so many', async () => {
    const { orderId } = await anOrder({ skuId: tall, quantity: 334 });
    expect((await print(orderId)).errors).toEqual([]);
    const builds = await partBuildsOf(orderId);
    expect(builds).toMatchObject([
      { quantity: 498, skuInstanceStart: 1 },
      { quantity: 498, skuInstanceStart: 167 },
      { quantity: 6, skuInstanceStart: 333 },
    ]);
    expect((await jobsOf(orderId)).at(-1)).toMatchObject({ skuInstance: 334, quantityIndex: 6 });
    expect((await print(orderId)).changes).toBe(0);
    await write((tx) => removeAll(tx, orderId));
  });

  it('is all of it or nothing', async () => {
    const { orderId, itemIds } = await anOrder();
    const request = { orderIds: [orderId], skuIds: [], newJobs: NEW_JOBS };
    const broken = write(async (tx) => {
      await printOrders(tx, request);
      throw new Error('the power is gone');
    });
    await expect(broken).rejects.toThrow('the power is gone');
    expect(await jobsOf(orderId)).toEqual([]);
    expect(await readRow(farm.db.read, orderItem, farm.storeId, itemIds[0] ?? '')).toMatchObject({
      processedStatus: 'unprocessed',
    });
  });
});

async function removeAll(tx: Transaction, orderId: string): Promise<void> {
  const rows = await tx.db.selectFrom('printJob').select('id').where('orderId', '=', orderId).execute();
  for (const { id } of rows) await tx.update(printJob, id, { status: 'cancelled' });
}

type Step =
  | { readonly act: 'want'; readonly item: number; readonly quantity: number }
  | { readonly act: 'print' }
  | { readonly act: 'retry'; readonly job: number }
  | { readonly act: 'move'; readonly job: number; readonly to: JobStatus };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ act: fc.constant('want' as const), item: fc.nat(1), quantity: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ act: fc.constant('print' as const) }),
  fc.record({ act: fc.constant('retry' as const), job: fc.nat() }),
  fc.record({
    act: fc.constant('move' as const),
    job: fc.nat(),
    to: fc.constantFrom<JobStatus>('assigned', 'printing', 'completed', 'failed', 'cancelled'),
  }),
);

async function take(one: Step, orderId: string, itemIds: readonly string[]): Promise<void> {
  if (one.act === 'want') {
    await write((tx) => changeItem(tx, itemIds[one.item] ?? '', { quantity: one.quantity }));
    return;
  }
  if (one.act === 'print') {
    await print(orderId);
    return;
  }
  const jobs = await jobsOf(orderId);
  const job = jobs[one.job % Math.max(1, jobs.length)];
  if (!job) return;
  if (one.act === 'retry') {
    if (job.status === 'failed' || job.status === 'cancelled') await write((tx) => queueAgain(tx, [job]));
  } else if (!hasEnded(job.status) && WAY.indexOf(one.to) !== WAY.indexOf(job.status)) {
    const back = WAY.includes(one.to) && WAY.indexOf(one.to) < WAY.indexOf(job.status);
    if (!back) await move(job, one.to);
  }
}

describe('whatever becomes of orders and jobs', () => {
  it('a print leaves each item with what it wants, or what has begun where that is more, and a second changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { orderId, itemIds } = await anOrder({ skuId, quantity: 2 }, { skuId, quantity: 1 });
        for (const one of steps) await take(one, orderId, itemIds);
        const before = await jobsOf(orderId);
        await print(orderId);
        const jobs = await jobsOf(orderId);
        for (const item of await readRows(farm.db.read, orderItem, farm.storeId, { orderId })) {
          const own = jobs.filter((job) => job.orderItemId === item.id && counts(job));
          for (const [place, perLamp] of PER_LAMP) {
            const here = own.filter((job) => placeOf(job) === place);
            const begun = here.filter(({ status }) => status !== 'pending').length;
            expect(here).toHaveLength(Math.max(perLamp * item.quantity, begun));
          }
          expect(item.processedStatus).toBe('processed');
        }
        const after = new Map(jobs.map(({ id, status }) => [id, status]));
        for (const { id, status } of before.filter((job) => job.status !== 'pending'))
          expect(after.get(id)).toBe(status);
        expect(await print(orderId)).toEqual({ errors: [], changes: 0 });
        await write((tx) => removeAll(tx, orderId));
      }),
      { numRuns: 60 },
    );
  });
});
