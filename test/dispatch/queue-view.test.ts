import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueReader } from '../../src/dispatch/queue-reader.js';
import { createEntity } from '../../src/domain/entities.js';
import { setPartMaterials } from '../../src/domain/part-materials.js';
import { assignSlots } from '../../src/domain/slot-assignment.js';
import {
  material,
  materialGroup,
  materialGroupMember,
  materialInstance,
  materialVariant,
  order,
  printer,
  printJob,
} from '../../src/resources/index.js';
import type { MaterialAssignments } from '../../src/resources/shapes.js';
import { idleState } from './scripted-driver.js';
import { Workshop } from './workshop.js';

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open(3);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await shop.close();
});

/** A white PLA of the farm's own, in one variant. */
function aVariant() {
  return shop.write(async (tx) => {
    const basic = await createEntity(tx, material, { name: 'Basic', brand: 'Acme', type: 'PLA' });
    const white = { name: 'White', color: '#FFFFFFFF', materialId: basic.id };
    const { id } = await createEntity(tx, materialVariant, white);
    return { materialId: basic.id, variantId: id };
  });
}

async function wants(jobId: string, materials: MaterialAssignments): Promise<void> {
  const { partId } = await shop.job(jobId);
  if (partId === null) throw new Error('The job has no part');
  await shop.write((tx) => setPartMaterials(tx, partId, materials));
}

/** A busy machine takes its time. */
const PATIENTLY = { timeout: 15_000 };

/** Waits for a pass that finds the job's material nowhere. */
function waits(jobId: string): Promise<void> {
  return vi.waitFor(() => {
    const reasons = [...(shop.scheduler.reasons(jobId)?.values() ?? [])];
    expect(reasons.map(({ reasonCode }) => reasonCode)).toEqual(Array(3).fill('material-mismatch'));
  }, PATIENTLY);
}

function assign(contents: Parameters<typeof assignSlots>[3], index = 0) {
  const [printerId = ''] = shop.printerIds.slice(index);
  return shop.write((tx) =>
    assignSlots(tx, [printerId], [{ amsIndex: 0, slotIndex: 0 }], contents, () => false),
  );
}

async function boot(): Promise<void> {
  await shop.boot({ schedule: false });
  await shop.until(async () => {
    const rows = await shop.farm.db.read.selectFrom('printerSlot').select('id').execute();
    return rows.length === 6;
  });
}

describe('a job that waits for its filament begins as soon as', () => {
  it('a slot holds the variant that its part asks for, and says so in its mapping', async () => {
    const { materialId, variantId } = await aVariant();
    await boot();
    const [jobId = ''] = await shop.queue();
    await wants(jobId, { 0: [{ variantId }] });
    shop.scheduler.start();
    await waits(jobId);
    await assign({ variantId }, 1);
    const row = await shop.untilPhase(jobId, 'start-sent');
    expect(row.printerId).toBe(shop.printerIds[1]);
    expect((await shop.job(jobId)).materialMapping).toEqual([
      {
        amsIndex: 0,
        slotIndex: 0,
        slot: 0,
        variantId,
        materialId,
        materialType: 'PLA',
        name: 'Acme Basic White',
        color: '#FFFFFF',
      },
    ]);
  });

  it('its group gets a member that is loaded', async () => {
    const { materialId } = await aVariant();
    const groupId = await shop.write(async (tx) => {
      const made = await createEntity(tx, materialGroup, { name: 'White ones', priority: 0 });
      return made.id;
    });
    await boot();
    await assign({ materialId });
    const [jobId = ''] = await shop.queue();
    await wants(jobId, { 0: [{ groupId }] });
    shop.scheduler.start();
    await waits(jobId);
    await shop.write((tx) =>
      createEntity(tx, materialGroupMember, { materialGroupId: groupId, materialId, priority: 0 }),
    );
    await shop.untilPhase(jobId, 'start-sent');
  });

  it('its part asks for nothing more', async () => {
    const { variantId } = await aVariant();
    await boot();
    const [jobId = ''] = await shop.queue();
    await wants(jobId, { 0: [{ variantId }] });
    shop.scheduler.start();
    await waits(jobId);
    await wants(jobId, {});
    await shop.untilPhase(jobId, 'start-sent');
  });

  it('the spool is said to hold enough, where less is refused', async () => {
    shop.matching = { ...shop.matching, checkRemaining: 'refuse' };
    const { variantId } = await aVariant();
    const spool = await shop.write((tx) =>
      createEntity(tx, materialInstance, { variantId, remainingMaterial: 2 }),
    );
    await boot();
    await assign({ instanceId: spool.id });
    const [jobId = ''] = await shop.queue();
    await wants(jobId, { 0: [{ variantId }] });
    shop.scheduler.start();
    await waits(jobId);
    await shop.write((tx) => tx.update(materialInstance, spool.id, { remainingMaterial: 500 }));
    await shop.untilPhase(jobId, 'start-sent');
  });
});

describe('what the matcher has in memory', () => {
  it('is read once; after that only what changed', async () => {
    const { variantId } = await aVariant();
    const jobs = vi.spyOn(QueueReader.prototype, 'jobs');
    const printers = vi.spyOn(QueueReader.prototype, 'printers');
    await boot();
    const [jobId = '', other = ''] = await shop.queue(2);
    await wants(jobId, { 0: [{ variantId }] });
    shop.scheduler.start();
    await waits(jobId);
    expect(jobs.mock.calls.map(([ids]) => ids)).toEqual([null]);
    expect(printers.mock.calls).toEqual([[null]]);
    const [printerId = ''] = shop.printerIds;
    await shop.write((tx) => tx.update(printer, printerId, { tags: ['big'] }));
    await vi.waitFor(() => expect(printers).toHaveBeenLastCalledWith([printerId]), PATIENTLY);
    await shop.write((tx) => tx.update(printJob, other, { label: 'another' }));
    await vi.waitFor(() => expect(jobs.mock.lastCall?.[0]).toEqual([other]), PATIENTLY);
    // A report that says nothing new for any job reads nothing at all.
    const [passes, looks] = [jobs.mock.calls.length, printers.mock.calls.length];
    shop.session(1).reports(idleState({ bedTemp: 40 }));
    shop.scheduler.wake();
    await shop.write((tx) => tx.update(printJob, other, { label: 'again' }));
    await vi.waitFor(() => expect(jobs.mock.calls.length).toBe(passes + 1), PATIENTLY);
    expect(printers.mock.calls.length).toBe(looks);
  });

  it('knows which orders have begun', async () => {
    const [first = '', second = ''] = await shop.queue(2);
    const made = await shop.write(async (tx) => {
      const one = await createEntity(tx, order, { orderNumber: '1' });
      const two = await createEntity(tx, order, { orderNumber: '2' });
      await tx.update(printJob, first, { orderId: one.id, status: 'assigned' });
      await tx.update(printJob, second, { orderId: two.id });
      return [one.id, two.id];
    });
    const reader = new QueueReader(shop.farm.db, shop.farm.storeId, 'order', () => {});
    expect(await reader.begun(new Set(made))).toEqual(new Set(made.slice(0, 1)));
    const bySku = new QueueReader(shop.farm.db, shop.farm.storeId, 'sku', () => {});
    expect(await bySku.begun(new Set(made))).toEqual(new Set());
  });
});
