import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DriverError, type PrinterState } from '../../drivers/driver.js';
import { material, materialInstance, materialVariant, printerSlot } from '../../src/resources/index.js';
import { slotState } from '../realtime/states.js';
import { endlessUpload, idleState } from './scripted-driver.js';
import { Workshop } from './workshop.js';

let shop: Workshop;
beforeEach(async () => {
  shop = await Workshop.open();
});
afterEach(() => shop.close());

/** Our print on the machine, as its reports show it. */
async function ours(jobId: string) {
  const { token, name } = await shop.dispatchOf(jobId);
  return { taskId: String(token), subtaskId: String(token), jobId: '', name, file: '' };
}

describe('from the queue to the end of a print', () => {
  test('every phase is written before its effect', async () => {
    await shop.boot();
    const seen: string[] = [];
    shop.onPoint = (point) => void seen.push(point);
    const { jobId, session } = await shop.started();
    const row = await shop.dispatchOf(jobId);
    expect(row).toMatchObject({
      phase: 'start-sent',
      uploaded: true,
      wasReady: true,
      bytes: 1_234,
      plate: 1,
    });
    expect(session.uploads[0]).toMatchObject({
      localPath: `/files/${'a'.repeat(64)}`,
      remoteName: row.remoteName,
    });
    expect(session.starts).toEqual([
      expect.objectContaining({ token: row.token, name: row.name, remoteName: row.remoteName, plate: 1 }),
    ]);
    expect(session.starts[0]?.filaments).toEqual([
      { unitId: 0, slotIndex: 0, external: false, extruder: null },
    ]);
    expect(await shop.job(jobId)).toMatchObject({ status: 'sending-to-printer', taskId: row.token });
    expect(await shop.printer()).toMatchObject({
      confirmedReady: false,
      isAvailable: false,
      printingJobId: jobId,
    });

    session.reports(idleState({ activity: 'RUNNING' }, await ours(jobId)));
    const printing = await shop.untilJob(jobId, 'printing');
    expect(printing.printingStartedAt).not.toBeNull();
    session.reports(idleState({ activity: 'PAUSE' }, await ours(jobId)));
    await shop.untilJob(jobId, 'paused');
    session.reports(idleState({ activity: 'FINISH' }, await ours(jobId)));
    const done = await shop.untilJob(jobId, 'completed');
    expect(done).toMatchObject({ errorMessage: null });
    expect(done.printingCompletedAt).not.toBeNull();
    expect(await shop.dispatchOf(jobId)).toMatchObject({
      phase: 'ended',
      outcome: 'completed',
      recognisedBy: 'ids',
    });
    // Our file is deleted once the print is over, which may have begun by now.
    expect(seen.slice(0, seen.indexOf('after:ended') + 1)).toEqual([
      'before:reserved',
      'after:reserved',
      'before:transferring',
      'after:transferring',
      'before:upload',
      'after:upload',
      'before:transferred',
      'after:transferred',
      'before:check-start',
      'after:check-start',
      'before:start-sent',
      'after:start-sent',
      'before:start',
      'after:start',
      'before:printing',
      'after:printing',
      'before:paused',
      'after:paused',
      'before:ended',
      'after:ended',
    ]);
  });

  test('pain-34, fault-35: our file is deleted from the printer once the print is over', async () => {
    await shop.boot();
    const { jobId, session } = await shop.started();
    session.reports(idleState({ activity: 'RUNNING' }, await ours(jobId)));
    await shop.untilJob(jobId, 'printing');
    expect(session.removed).toEqual([]);
    session.reports(idleState({ activity: 'FINISH' }, await ours(jobId)));
    const row = await shop.until(async () => {
      const found = await shop.dispatchOf(jobId);
      return found.remoteRemovedAt !== null && found;
    });
    expect(session.removed).toEqual([row.remoteName]);
  });

  test('fault-34: a printer that has only just ended may still hold the file open: it is deleted later', async () => {
    shop.timing = { ...shop.timing, settleMs: 250 };
    await shop.boot();
    const { jobId, session } = await shop.started();
    const finished = idleState({ activity: 'FINISH' }, await ours(jobId));
    session.reports(idleState({ activity: 'RUNNING' }, await ours(jobId)));
    await shop.untilJob(jobId, 'printing');
    let endedAt = Number.POSITIVE_INFINITY;
    shop.beforeCommit = () => {
      endedAt = Math.min(endedAt, Date.now());
    };
    let removedAt = 0;
    session.onRemove = () => {
      removedAt = Date.now();
      return Promise.resolve();
    };
    session.reports(finished);
    await shop.untilJob(jobId, 'completed');
    await vi.waitFor(() => {
      session.reports(finished);
      expect(removedAt).toBeGreaterThan(0);
    });
    expect(removedAt - endedAt).toBeGreaterThanOrEqual(250);
  });

  test('pain-33: a file that could not be deleted is deleted by the next daemon', async () => {
    await shop.boot();
    shop.session().onRemove = () => Promise.reject(new DriverError('unreachable', 'no connection'));
    const { jobId, session } = await shop.started();
    session.reports(idleState({ activity: 'FINISH' }, await ours(jobId)));
    await shop.untilJob(jobId, 'completed');
    await shop.halt();
    expect(session.removed).toEqual([]);
    await shop.boot({ quiet: true });
    const removed = shop.session().next('remove');
    shop.session().reports(idleState());
    await removed;
    expect(shop.session().removed).toEqual([(await shop.dispatchOf(jobId)).remoteName]);
  });
});

/** The printer shows the same, report after report, for so many times three seconds. */
async function keepsShowing(state: PrinterState, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await turn();
    shop.mono += 3_000;
    shop.session().reports(state);
  }
}

describe('a journal that cannot be written', () => {
  const diskFull = () => {
    throw new Error('SQLITE_FULL: database or disk is full');
  };

  test('nothing is sent that was not written, and the step is written when writing works again', async () => {
    await shop.boot();
    const failed: unknown[] = [];
    let failures = 1;
    shop.beforeCommit = (changes) => {
      const begins = changes.some(
        ({ resource, after }) => resource === 'dispatch' && after?.phase === 'transferring',
      );
      if (!begins || failures === 0) return;
      failures -= 1;
      failed.push(shop.session().uploads.length);
      diskFull();
    };
    const { jobId } = await shop.started();
    expect(failed).toEqual([0]);
    expect(shop.session().uploads).toHaveLength(1);
    expect(await shop.dispatchOf(jobId)).toMatchObject({ transferAttempts: 1 });
    expect(shop.logs.filter((line) => line.includes('could not be written'))).toHaveLength(1);
  });

  test('a start that could not be written is checked anew before it is sent', async () => {
    await shop.boot();
    const session = shop.session();
    let failures = 1;
    shop.beforeCommit = (changes) => {
      const starts = changes.some(
        ({ resource, after }) => resource === 'dispatch' && after?.phase === 'start-sent',
      );
      if (!starts || failures === 0) return;
      failures -= 1;
      // While the disk was full, somebody changed the spool.
      session.reports(idleState({ slots: [slotState(0, 0, { type: 'PETG' })] }));
      diskFull();
    };
    const [jobId = ''] = await shop.queue();
    const ended = await shop.untilPhase(jobId, 'ended');
    expect(session.starts).toEqual([]);
    expect(ended).toMatchObject({ outcome: 'released', message: expect.stringContaining('slot changed') });
  });

  test('reports that come meanwhile are remembered by what they say, not by how many they are', async () => {
    await shop.boot();
    const { jobId, session } = await shop.started();
    const identity = await ours(jobId);
    let full = true;
    shop.beforeCommit = (changes) => {
      if (full && changes.some(({ resource }) => resource === 'dispatch')) diskFull();
    };
    for (let i = 0; i < 500; i++) session.reports(idleState({ activity: 'RUNNING' }, identity));
    for (let i = 0; i < 500; i++) session.reports(idleState({ activity: 'FINISH' }, identity));
    full = false;
    await shop.untilJob(jobId, 'completed');
    const row = await shop.dispatchOf(jobId);
    expect(row.confirmedAt).not.toBeNull();
    expect(row.outcome).toBe('completed');
  });
});

describe('a start that must not be sent', () => {
  /** Lets something happen while the file is on its way. */
  async function during(meanwhile: () => Promise<void> | void): Promise<string> {
    await shop.boot();
    const session = shop.session();
    session.onUpload = async ({ sizeBytes }) => {
      session.onUpload = endlessUpload;
      await meanwhile();
      return { remoteBytes: sizeBytes, durationMs: 1, skipped: false, warning: null };
    };
    const [jobId = ''] = await shop.queue();
    await shop.until(async () => (await shop.dispatchesOf(jobId))[0]?.phase === 'ended');
    expect(session.starts).toEqual([]);
    const [first] = await shop.dispatchesOf(jobId);
    expect(first?.outcome).toBe('released');
    return first?.message ?? '';
  }

  test('pain-22: another spool in a mapped slot', async () => {
    const message = await during(() =>
      shop.session().reports(idleState({ slots: [slotState(0, 0, { color: '000000FF' })] })),
    );
    expect(message).toContain('slot changed');
  });

  test('pain-22: the AMS taken away', async () => {
    expect(await during(() => shop.session().reports(idleState({ slots: [], amsUnits: [] })))).toContain(
      'slot changed',
    );
  });

  test('pain-14: a bed that somebody called not clear meanwhile', async () => {
    expect(await during(() => shop.ready(0, false))).toContain('no longer confirmed clear');
    expect((await shop.printer()).confirmedReady).toBe(false);
  });

  test('pain-14: a print of others that came and went meanwhile leaves the bed in doubt', async () => {
    const stranger = { taskId: '77', subtaskId: '77', name: 'from_the_screen' };
    const message = await during(async () => {
      shop.session().reports(idleState({ activity: 'RUNNING' }, stranger));
      shop.session().reports(idleState({ activity: 'FINISH' }, stranger));
      await shop.until(async () => !(await shop.printer()).confirmedReady);
    });
    expect(message).toContain('no longer confirmed clear');
  });

  test('a print of others that goes on', async () => {
    const message = await during(() =>
      shop.session().reports(idleState({ activity: 'RUNNING' }, { taskId: '77' })),
    );
    expect(message).toMatch(/RUNNING|no longer confirmed clear/);
    await shop.until(async () => !(await shop.printer()).confirmedReady);
  });

  test('a printer that went offline', async () => {
    expect(await during(() => shop.session().is('offline'))).toContain('offline');
    // Nothing was printed: whoever called the bed clear is still right.
    expect((await shop.printer()).confirmedReady).toBe(true);
  });

  test('a printer that has not told everything since it came back', async () => {
    expect(await during(() => shop.session().reports(idleState(), false))).toContain(
      'not told its whole state',
    );
  });

  test('pain-23: Developer Mode switched off', async () => {
    expect(await during(() => shop.session().reports(idleState({ developerMode: 'off' })))).toContain(
      'Developer Mode',
    );
  });

  test('a firmware update', async () => {
    expect(await during(() => shop.session().reports(idleState({ upgrading: true })))).toContain('firmware');
  });
});

describe('a start that is sent again', () => {
  test('has a token of its own, which the job shows', async () => {
    await shop.boot();
    const { jobId, session } = await shop.started();
    const [first] = session.starts;
    const again = session.next('start');
    await keepsShowing(idleState(), 100);
    await again;
    const row = await shop.dispatchOf(jobId);
    expect(row).toMatchObject({ previousToken: first?.token, name: first?.name });
    expect(row.token).not.toBe(first?.token);
    expect(session.starts[1]?.token).toBe(row.token);
    expect(await shop.job(jobId)).toMatchObject({ taskId: row.token, status: 'sending-to-printer' });
    expect(session.commands).toContain('refresh');
    await keepsShowing(idleState(), 100);
    const failed = await shop.untilJob(jobId, 'failed');
    expect(failed.errorMessage).toMatch(/^start_not_confirmed/);
    expect(session.starts).toHaveLength(2);
    expect((await shop.printer()).confirmedReady).toBe(true);
  });

  test('pain-22: is checked as the first one was', async () => {
    await shop.boot();
    const { jobId, session } = await shop.started();
    await keepsShowing(idleState({ slots: [slotState(0, 0, { type: 'PETG' })] }), 100);
    const failed = await shop.untilJob(jobId, 'failed');
    expect(failed.errorMessage).toContain('slot changed');
    expect(session.starts).toHaveLength(1);
  });
});

describe('what a start comes to', () => {
  test.each([
    ['unreachable', false],
    ['rejected', true],
  ] as const)('unsent (%s): the job goes back, the bed stays clear', async (kind, excluded) => {
    await shop.boot();
    shop.session().onStart = async () => ({ kind: 'unsent', error: new DriverError(kind, 'nothing left') });
    const [jobId = ''] = await shop.queue();
    await shop.until(async () => (await shop.dispatchesOf(jobId))[0]?.phase === 'ended');
    const [row] = await shop.dispatchesOf(jobId);
    expect(row).toMatchObject({ outcome: 'released', message: 'nothing left' });
    expect((await shop.job(jobId)).excludedPrinterIds).toEqual(excluded ? [shop.printerId] : []);
  });

  test('refused for the file: the job fails after a moment of idleness', async () => {
    await shop.boot();
    shop.session().onStart = async () => ({
      kind: 'refused',
      error: new DriverError('rejected', 'wrong model'),
    });
    const { jobId, session } = await shop.started();
    await keepsShowing(idleState(), 8);
    expect(session.starts).toHaveLength(1);
    expect((await shop.untilJob(jobId, 'failed')).errorMessage).toBe('wrong model');
    expect((await shop.printer()).confirmedReady).toBe(true);
  });
});

describe('cancelling', () => {
  test('pain-11: during an upload ends it at once', async () => {
    await shop.boot();
    const session = shop.session();
    session.onUpload = endlessUpload;
    const begun = session.next('upload');
    const [jobId = ''] = await shop.queue();
    await begun;
    expect(await shop.runner.cancel(jobId)).toBe(true);
    expect(session.uploads[0]?.signal.aborted).toBe(true);
    expect(await shop.job(jobId)).toMatchObject({ status: 'cancelled' });
    expect(await shop.printer()).toMatchObject({
      confirmedReady: true,
      printingJobId: null,
      isAvailable: true,
    });
    expect(session.starts).toEqual([]);
  });

  test('after the start keeps the printer until it has stopped', async () => {
    await shop.boot();
    const { jobId, session } = await shop.started();
    session.reports(idleState({ activity: 'RUNNING' }, await ours(jobId)));
    await shop.untilJob(jobId, 'printing');
    await shop.runner.cancel(jobId);
    expect(session.commands).toEqual(['stop']);
    expect(await shop.job(jobId)).toMatchObject({ status: 'printing' });
    session.reports(idleState({ activity: 'FAILED' }, await ours(jobId)));
    const job = await shop.untilJob(jobId, 'cancelled');
    expect(job.cancelledAt).not.toBeNull();
    expect((await shop.printer()).confirmedReady).toBe(false);
  });

  test('says so when a job has no dispatch', async () => {
    await shop.boot();
    expect(await shop.runner.cancel('nobody')).toBe(false);
  });
});

describe('stopping the daemon', () => {
  test('aborts an upload and leaves the journal true', async () => {
    await shop.boot();
    const session = shop.session();
    session.onUpload = endlessUpload;
    const begun = session.next('upload');
    const [jobId = ''] = await shop.queue();
    await begun;
    await shop.halt();
    expect(session.uploads[0]?.signal.aborted).toBe(true);
    expect(await shop.dispatchOf(jobId)).toMatchObject({
      phase: 'transferring',
      transferAttempts: 1,
      endedAt: null,
    });
    await shop.boot({ quiet: true, schedule: false });
    expect(await shop.job(jobId)).toMatchObject({ status: 'sending-to-printer' });
    const sentOn = shop.session().next('upload');
    shop.session().reports(idleState());
    await sentOn;
    const { remoteName } = await shop.dispatchOf(jobId);
    expect(shop.session().uploads.map((upload) => upload.remoteName)).toEqual([remoteName]);
    await shop.untilPhase(jobId, 'start-sent');
  });

  test('does not wait for the answer to a start, and follows the print afterwards', async () => {
    await shop.boot();
    shop.session().onStart = () => new Promise(() => {});
    const { jobId } = await shop.started();
    await shop.halt();
    expect(await shop.dispatchOf(jobId)).toMatchObject({ phase: 'start-sent' });
    await shop.boot({ quiet: true });
    shop.session().reports(idleState({ activity: 'RUNNING' }, await ours(jobId)));
    await shop.untilJob(jobId, 'printing');
    expect(shop.session().starts).toEqual([]);
  });

  test('takes a start back that was written but will not be sent', async () => {
    await shop.boot();
    const session = shop.session();
    let halted: Promise<void> | null = null;
    shop.onPoint = (point) => {
      if (point === 'before:start-sent') halted = shop.halt();
    };
    const [jobId = ''] = await shop.queue();
    const row = await shop.untilPhase(jobId, 'ended');
    await halted;
    expect(session.starts).toEqual([]);
    expect(row).toMatchObject({
      outcome: 'released',
      message: expect.stringContaining('stopped before the start'),
    });
    expect(await shop.job(jobId)).toMatchObject({ status: 'pending' });
    expect((await shop.printer()).confirmedReady).toBe(true);
  });
});

describe('the spools of the library', () => {
  /** A spool with so much on it in the first slot of the printer. @returns what is left of it */
  async function spoolInFirstSlot(grams: number): Promise<() => Promise<number>> {
    const slot = await shop.until(() =>
      shop.farm.db.read.selectFrom('printerSlot').select('id').where('slotIndex', '=', 0).executeTakeFirst(),
    );
    const id = await shop.write(async (tx) => {
      const { storeId } = shop.farm;
      const pla = await tx.insert(material, { storeId, name: 'PLA', brand: 'Farm', type: 'PLA' });
      const white = await tx.insert(materialVariant, { storeId, name: 'White', materialId: pla.id });
      const of = { materialId: pla.id, variantId: white.id, materialType: 'PLA' };
      const spool = await tx.insert(materialInstance, { storeId, ...of, remainingMaterial: grams });
      await tx.update(printerSlot, slot.id, { ...of, instanceId: spool.id });
      return spool.id;
    });
    return async () => (await shop.write((tx) => tx.get(materialInstance, id))).remainingMaterial;
  }

  /** The plate takes 5 g of the first filament, the other plate of its file more. */
  async function printed(grams: number, activity: 'FINISH' | 'FAILED', percent: number, restart = false) {
    await shop.boot();
    const left = await spoolInFirstSlot(grams);
    const { jobId } = await shop.started();
    const shows = async (now: PrinterState['activity']) => {
      const state = idleState({ activity: now }, await ours(jobId));
      return { ...state, print: { ...state.print, percent } };
    };
    shop.session().reports(await shows('RUNNING'));
    await shop.untilJob(jobId, 'printing');
    if (restart) {
      await shop.halt();
      await shop.boot({ quiet: true });
    }
    await keepsShowing(await shows(activity), 8);
    await shop.untilPhase(jobId, 'ended');
    return { left, jobId };
  }

  test.each([
    ['a whole plate', 100, 'FINISH', 100, 95],
    ['the part of a failed print', 100, 'FAILED', 40, 98],
    ['no more than there was', 3, 'FINISH', 100, 0],
  ] as const)('pain-41: lose %s', async (_what, grams, activity, percent, expected) => {
    const { left, jobId } = await printed(grams, activity, percent);
    expect(await left()).toBe(expected);
    expect((await shop.dispatchOf(jobId)).spools).toMatchObject([{ grams: 5 }]);
  });

  test('pain-12: pay for a print once, over restarts before and after its end', async () => {
    let undone = 0;
    shop.beforeCommit = (changes) => {
      const pays = changes.some(({ resource }) => resource === 'materialInstance');
      const ends = changes.some(
        ({ resource, fields }) => resource === 'dispatch' && fields.includes('endedAt'),
      );
      if (pays && ends && undone++ === 0) throw new Error('power cut');
    };
    const { left } = await printed(100, 'FINISH', 90, true);
    expect(undone).toBe(2);
    expect(await left()).toBe(95);
    await shop.halt();
    await shop.boot();
    await shop.farm.db.write(shop.farm.context, async () => undefined);
    expect(await left()).toBe(95);
  });

  test('lose nothing to a print that never began', async () => {
    await shop.boot();
    const left = await spoolInFirstSlot(100);
    shop.session().onStart = async () => ({ kind: 'refused', error: new DriverError('rejected', 'no') });
    const { jobId } = await shop.started();
    await keepsShowing(idleState(), 8);
    await shop.untilJob(jobId, 'failed');
    expect(await left()).toBe(100);
  });

  test('are left to their AMS where it tells and is believed, and never pay twice', async () => {
    await shop.boot({ trustAms: true });
    const white = { color: 'FFFFFFFF', colors: ['FFFFFFFF'], spoolGrams: 1_000 };
    const told = (remain: number) => [
      slotState(0, 0, { ...white, remain }),
      slotState(0, 1, { type: 'PETG' }),
    ];
    const left = await spoolInFirstSlot(100);
    const holds = (grams: number) => shop.until(async () => (await left()) === grams);
    shop.session().reports(idleState({ slots: told(50) }));
    await holds(500);
    const { jobId } = await shop.started();
    const mine = await ours(jobId);
    shop.session().reports(idleState({ activity: 'RUNNING', slots: told(50) }, mine));
    await shop.untilJob(jobId, 'printing');
    shop.session().reports(idleState({ activity: 'RUNNING', slots: told(49) }, mine));
    await holds(490);
    shop.session().reports(idleState({ activity: 'FINISH', slots: told(49) }, mine));
    expect((await shop.untilPhase(jobId, 'ended')).spools).toBeNull();
    expect(await left()).toBe(490);
  });
});
