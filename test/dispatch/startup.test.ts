import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { printer, printerConnection } from '../../src/resources/index.js';
import { endlessUpload, idleState } from './scripted-driver.js';
import { Workshop } from './workshop.js';

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open(2);
});
afterEach(() => shop.close());

/** A dispatch as a crash leaves it: started on the first printer. */
async function startedBefore(): Promise<string> {
  await shop.boot();
  // The second printer is kept busy, so that nothing goes there later.
  await shop.ready(1, false);
  const { jobId } = await shop.started();
  await shop.halt();
  return jobId;
}

describe('starting on what an earlier process left', () => {
  test('what the database says about printers counts for nothing before they have reported', async () => {
    await shop.write(async (tx) => {
      for (const id of shop.printerIds) await tx.update(printer, id, { isOnline: true, isAvailable: true });
    });
    const [jobId = ''] = await shop.queue();
    await shop.boot({ quiet: true });
    // Connecting is the first thing that is known, and it is written at once.
    await shop.until(async () => !(await shop.printer(0)).isOnline && !(await shop.printer(1)).isOnline);
    shop.session(0).reports(idleState(), false);
    await shop.until(async () => (await shop.printer(0)).isOnline);
    expect(await shop.job(jobId)).toMatchObject({ status: 'pending' });
    expect(await shop.dispatchesOf(jobId)).toEqual([]);
    shop.session(0).reports(idleState());
    await shop.untilPhase(jobId, 'start-sent');
    expect((await shop.dispatchOf(jobId)).printerId).toBe(shop.printerId);
  });

  test('pain-12: the runner hears the very first report of the fleet', async () => {
    const jobId = await startedBefore();
    const { token } = await shop.dispatchOf(jobId);
    await shop.boot({ quiet: true });
    shop.session(0).reports(idleState({ activity: 'RUNNING' }, { subtaskId: String(token) }));
    await shop.untilJob(jobId, 'printing');
  });

  test('pain-08: a started dispatch keeps its printer from everybody else', async () => {
    const jobId = await startedBefore();
    await shop.boot();
    const [other = ''] = await shop.queue();
    await shop.ready(1);
    await shop.untilPhase(other, 'start-sent');
    expect((await shop.dispatchOf(other)).printerId).toBe(shop.printerIds[1]);
    expect(shop.session(0).starts).toEqual([]);
    expect(await shop.job(jobId)).toMatchObject({ status: 'sending-to-printer' });
  });

  test('a damaged dispatch keeps nobody from starting, and its printer from nobody', async () => {
    const jobId = await startedBefore();
    const { id } = await shop.dispatchOf(jobId);
    await shop.farm.db.read.updateTable('dispatch').set({ filaments: '[{' }).where('id', '=', id).execute();
    await shop.boot();
    expect(shop.logs.some((line) => line.includes(id) && line.includes('damaged'))).toBe(true);
    await shop.ready(1);
    const [other = ''] = await shop.queue();
    await shop.untilPhase(other, 'start-sent');
    expect((await shop.dispatchOf(other)).printerId).toBe(shop.printerIds[1]);
  });

  test('a phase that nobody knows is a damaged dispatch', async () => {
    const jobId = await startedBefore();
    const { id } = await shop.dispatchOf(jobId);
    // A word from another version.
    await shop.farm.db.read
      .updateTable('dispatch')
      .set((eb) => ({ phase: eb.val<'ended'>(JSON.parse('"lifting"')) }))
      .where('id', '=', id)
      .execute();
    await shop.boot();
    expect(shop.logs.some((line) => line.includes(id) && line.includes('damaged'))).toBe(true);
    shop.session(0).reports(idleState({ activity: 'RUNNING' }));
  });

  test('a dispatch that cannot be written keeps trying by itself', async () => {
    await shop.boot();
    shop.session(0).onUpload = endlessUpload;
    await shop.ready(1, false);
    const begun = shop.session(0).next('upload');
    const [jobId = ''] = await shop.queue();
    await begun;
    await shop.halt();
    let failures = 1;
    shop.beforeCommit = (changes) => {
      if (failures === 0 || !changes.some(({ resource }) => resource === 'dispatch')) return;
      failures -= 1;
      throw new Error('SQLITE_IOERR');
    };
    await shop.boot({ quiet: true, schedule: false });
    shop.session(0).reports(idleState({ activity: 'RUNNING' }));
    await shop.untilJob(jobId, 'pending');
    expect(failures).toBe(0);
  });

  test('a printer that is not in the configuration any more ends what was open on it', async () => {
    const jobId = await startedBefore();
    await shop.write(async (tx) => {
      const rows = await tx.db
        .selectFrom('printerConnection')
        .select('id')
        .where('printerId', '=', shop.printerId)
        .execute();
      for (const { id } of rows) await tx.update(printerConnection, id, { active: false });
    });
    await shop.boot({ schedule: false, quiet: true });
    expect((await shop.untilJob(jobId, 'failed')).errorMessage).toBe('outcome unknown: printer removed');
    expect(await shop.printer(0)).toMatchObject({ printingJobId: null, confirmedReady: false });
  });

  test('a printer that is removed while the daemon runs ends what is open on it', async () => {
    await shop.boot();
    const { jobId } = await shop.started();
    const { printerId } = await shop.dispatchOf(jobId);
    await shop.fleet.remove(printerId);
    expect((await shop.untilJob(jobId, 'failed')).errorMessage).toBe('outcome unknown: printer removed');
  });

  test('the journal outlives a printer that is gone', async () => {
    const jobId = await startedBefore();
    await shop.write((tx) => tx.remove(printer, shop.printerId));
    shop.printerIds.shift();
    await shop.boot({ schedule: false, quiet: true });
    await shop.untilJob(jobId, 'failed');
    expect((await shop.dispatchOf(jobId)).outcome).toBe('unknown');
  });
});
