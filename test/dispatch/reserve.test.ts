import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Reservation, reserve } from '../../src/dispatch/reserve.js';
import { moveJob } from '../../src/domain/jobs.js';
import { dispatch, printer, printJob } from '../../src/resources/index.js';
import { endlessUpload, idleState } from './scripted-driver.js';
import { Workshop } from './workshop.js';

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open(2);
});
afterEach(() => shop.close());

function wanted(jobId: string, printerId: string): Reservation {
  return {
    jobId,
    printerId,
    plate: 1,
    sha256: 'a'.repeat(64),
    bytes: 1,
    filaments: [],
    slotSnapshot: '',
    mapping: [],
  };
}

/** Printers that wait for work, without a scheduler. */
async function waiting(): Promise<string[]> {
  await shop.boot({ schedule: false });
  await shop.until(async () => (await shop.printer(0)).isAvailable && (await shop.printer(1)).isAvailable);
  return shop.queue(2);
}

let drawn = 0;
const draw = () => {
  drawn += 1;
  return drawn / 1_000_000;
};

describe('reserving', () => {
  test('gives job, printer and journal row to each other in one transaction', async () => {
    const [jobId = ''] = await waiting();
    const row = await shop.write((tx) => reserve(tx, wanted(jobId, shop.printerId), () => 0.5));
    expect(row).toMatchObject({ phase: 'reserved', token: 1_073_741_824, uploaded: false, outcome: null });
    expect(row?.remoteName).toBe('cube-1073741824.gcode.3mf');
    expect(row?.name).toBe('cube-1073741824');
    expect(await shop.job(jobId)).toMatchObject({
      status: 'ready-for-printer',
      assignedPrinterId: shop.printerId,
    });
    expect(await shop.printer()).toMatchObject({ printingJobId: jobId, isAvailable: false });
  });

  test('pain-10: of two reservations of one job, and of one printer, the second finds nothing', async () => {
    const [first = '', second = ''] = await waiting();
    const [one = '', other = ''] = shop.printerIds;
    const rows = await Promise.all([
      shop.write((tx) => reserve(tx, wanted(first, one), draw)),
      shop.write((tx) => reserve(tx, wanted(first, other), draw)),
      shop.write((tx) => reserve(tx, wanted(second, one), draw)),
      shop.write((tx) => reserve(tx, wanted(second, other), draw)),
    ]);
    expect(rows.map((row) => row !== null)).toEqual([true, false, false, true]);
  });

  test('pain-10: the database itself refuses a second open dispatch of a job or a printer', async () => {
    const [first = '', second = ''] = await waiting();
    const [one = '', other = ''] = shop.printerIds;
    const row = await shop.write((tx) => reserve(tx, wanted(first, one), draw));
    if (!row) throw new Error('nothing was reserved');
    const { id: _, createdAt: _c, updatedAt: _u, ...copy } = row;
    const again = (changes: Partial<typeof copy>) =>
      shop.write((tx) => tx.insert(dispatch, { ...copy, token: 7, ...changes }));
    await expect(again({ printerId: other })).rejects.toThrow(/UNIQUE/);
    await expect(again({ printJobId: second })).rejects.toThrow(/UNIQUE/);
    await expect(again({ printJobId: second, printerId: other, token: row.token })).rejects.toThrow(/UNIQUE/);
  });

  test('pain-10: an open dispatch that the printer forgot is found all the same', async () => {
    const [first = '', second = ''] = await waiting();
    await shop.write((tx) => reserve(tx, wanted(first, shop.printerId), draw));
    await shop.write((tx) => tx.update(printer, shop.printerId, { printingJobId: null, isAvailable: true }));
    expect(await shop.write((tx) => reserve(tx, wanted(second, shop.printerId), draw))).toBeNull();
  });

  test.each([
    ['disabled', { enabled: false }],
    ['in maintenance', { isInMaintenance: true }],
    ['not ready', { confirmedReady: false }],
    ['not available', { isAvailable: false }],
  ])('a printer that is %s by now is not taken', async (_what, change) => {
    const [jobId = ''] = await waiting();
    await shop.write((tx) => tx.update(printer, shop.printerId, change));
    expect(await shop.write((tx) => reserve(tx, wanted(jobId, shop.printerId), draw))).toBeNull();
    expect(await shop.job(jobId)).toMatchObject({ status: 'pending' });
  });

  test('a job that was cancelled, or has excluded the printer, is not given away', async () => {
    const [first = '', second = ''] = await waiting();
    await shop.write((tx) => moveJob(tx, first, 'cancelled'));
    await shop.write((tx) => tx.update(printJob, second, { excludedPrinterIds: [shop.printerId] }));
    expect(await shop.write((tx) => reserve(tx, wanted(first, shop.printerId), draw))).toBeNull();
    expect(await shop.write((tx) => reserve(tx, wanted(second, shop.printerId), draw))).toBeNull();
    expect(await shop.write((tx) => reserve(tx, wanted('nobody', shop.printerId), draw))).toBeNull();
    expect(await shop.write((tx) => reserve(tx, wanted(second, 'nowhere'), draw))).toBeNull();
  });

  test('fact-10, fault-22: no two dispatches ever have one token', async () => {
    const [first = '', second = ''] = await waiting();
    const [one = '', other = ''] = shop.printerIds;
    const same = [0.25, 0.25, 0.75];
    const one25 = await shop.write((tx) => reserve(tx, wanted(first, one), () => same.shift() ?? 0));
    const next = await shop.write((tx) => reserve(tx, wanted(second, other), () => same.shift() ?? 0));
    expect(one25?.token).not.toBe(next?.token);
    expect(same).toEqual([]);
  });

  test('a token that a first start had is not given again', async () => {
    const [first = '', second = ''] = await waiting();
    const [one = '', other = ''] = shop.printerIds;
    const row = await shop.write((tx) => reserve(tx, wanted(first, one), () => 0.25));
    if (!row) throw new Error('nothing was reserved');
    await shop.write((tx) => tx.update(dispatch, row.id, { token: 99, previousToken: row.token }));
    const draws = [0.25, 0.75];
    const next = await shop.write((tx) => reserve(tx, wanted(second, other), () => draws.shift() ?? 0));
    expect(next?.token).not.toBe(row.token);
  });
});

describe('the matcher gives jobs to printers', () => {
  test('each printer one, in the order of the queue', async () => {
    await shop.boot();
    for (const i of [0, 1]) shop.session(i).onUpload = endlessUpload;
    const both = Promise.all([shop.session(0).next('upload'), shop.session(1).next('upload')]);
    const [first = '', second = '', third = ''] = await shop.queue(3);
    await both;
    expect(await shop.job(first)).toMatchObject({ status: 'sending-to-printer' });
    expect(await shop.job(second)).toMatchObject({ status: 'sending-to-printer' });
    expect(await shop.job(third)).toMatchObject({ status: 'pending' });
  });

  test('a job that fails on three printers has failed', async () => {
    await shop.close();
    shop = await Workshop.open(3);
    await shop.boot();
    for (const i of [0, 1, 2]) {
      shop.session(i).onUpload = () => Promise.reject(new Error('connection cut'));
    }
    const [jobId = ''] = await shop.queue();
    const failed = await shop.untilJob(jobId, 'failed');
    for (const name of ['P1S-0', 'P1S-1', 'P1S-2'])
      expect(failed.errorMessage).toContain(`${name} (upload failed: connection cut)`);
    expect(failed.errorMessage).toMatch(/^failed on 3 printers: /);
    expect(new Set(failed.excludedPrinterIds)).toEqual(new Set(shop.printerIds));
    const tried = [0, 1, 2].map((i) => shop.session(i).uploads.length);
    expect(tried).toEqual([3, 3, 3]);
    for (const i of [0, 1, 2]) {
      expect(await shop.printer(i)).toMatchObject({
        confirmedReady: true,
        printingJobId: null,
        isAvailable: true,
      });
    }
  });

  test('a job whose file is gone fails with the reason, and the next one is printed', async () => {
    await shop.boot({ schedule: false });
    const [lost = '', next = ''] = await shop.queue(2);
    await shop.write((tx) => tx.update(printJob, lost, { filesToPrint: ['parts/gone.3mf'] }));
    shop.scheduler.start();
    expect((await shop.untilJob(lost, 'failed')).errorMessage).toContain('not in the store');
    await shop.untilPhase(next, 'start-sent');
  });

  test('a job that cannot be read does not hold up the others', async () => {
    await shop.boot({ schedule: false });
    const [broken = '', next = ''] = await shop.queue(2);
    await shop.farm.db.read
      .updateTable('printJob')
      .set({ requiredPrinterTags: '{"user.tags": ' })
      .where('id', '=', broken)
      .execute();
    shop.scheduler.start();
    await shop.untilPhase(next, 'start-sent');
    expect(shop.logs.some((line) => line.includes(broken) && line.includes('left out'))).toBe(true);
  });

  test('a reservation that the database refuses does not end the pass', async () => {
    await shop.boot({ schedule: false });
    const [first = '', second = ''] = await shop.queue(2);
    let refused = 0;
    shop.beforeCommit = (changes) => {
      const mine = changes.some(
        ({ resource, after }) => resource === 'dispatch' && after?.printJobId === first,
      );
      if (!mine) return;
      refused += 1;
      throw new Error('UNIQUE constraint failed: dispatch.printJobId');
    };
    shop.scheduler.start();
    await shop.untilPhase(second, 'start-sent');
    expect(refused).toBe(1);
    expect(await shop.job(first)).toMatchObject({ status: 'pending' });
  });

  test('pain-22: what the mapping was made from is what the snapshot tells of', async () => {
    await shop.boot({ schedule: false });
    await shop.queue();
    // The spool is changed after the matcher has looked, before it reserves.
    shop.onPoint = (point) => {
      if (point === 'before:reserved') shop.session(0).reports(idleState({ slots: [] }));
    };
    const [jobId = ''] = await shop.farm.db.read
      .selectFrom('printJob')
      .select('id')
      .execute()
      .then((rows) => rows.map(({ id }) => id));
    shop.scheduler.start();
    const ended = await shop.until(async () => {
      const rows = await shop.dispatchesOf(jobId);
      return rows.find((row) => row.printerId === shop.printerId && row.phase === 'ended');
    });
    expect(ended.message).toContain('slot changed');
    expect(shop.session(0).starts).toEqual([]);
  });
});
