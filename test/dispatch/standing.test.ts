import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HealthMessage, PrinterState } from '../../drivers/driver.js';
import { ContinuousWatch } from '../../src/dispatch/continuous-watch.js';
import { endContinuous, lookedAt } from '../../src/domain/printer-standing.js';
import { setContinuousPrint } from '../../src/domain/printers.js';
import { queueAgain } from '../../src/domain/queue-again.js';
import { reorder } from '../../src/domain/queue-moves.js';
import { whyAttended } from '../../src/fleet/unattended.js';
import { printer, printJob } from '../../src/resources/index.js';
import { endlessUpload, idleState, type ScriptedSession } from './scripted-driver.js';
import { Workshop } from './workshop.js';

let shop: Workshop;
afterEach(() => shop.close());

const cut = () => Promise.reject(new Error('connection cut'));

/** Our print on the machine, as its reports show it. */
async function shows(jobId: string, changes: Partial<PrinterState>): Promise<PrinterState> {
  const { token, name } = await shop.dispatchOf(jobId);
  return idleState(changes, { taskId: String(token), subtaskId: String(token), name });
}

function says(code: string, message: string, changes: Partial<HealthMessage> = {}): HealthMessage {
  return { code, message, severity: 'serious', source: 'hms', wikiCode: null, ...changes };
}

const untilPrinter = (index: number, is: (row: Awaited<ReturnType<Workshop['printer']>>) => boolean) =>
  shop.until(async () => {
    const row = await shop.printer(index);
    return is(row) && row;
  });

describe('a printer that cannot begin three jobs in a row', () => {
  beforeEach(async () => {
    shop = await Workshop.open(1);
    await shop.boot();
    shop.session().onUpload = cut;
  });

  test('is set aside with the reason, and the queue says so, after a restart too', async () => {
    const ids = await shop.queue(4);
    const row = await untilPrinter(0, ({ setAside }) => setAside !== null);
    expect(row.setAside?.reason).toBe(
      '3 jobs in a row could not be begun on it; the last: upload failed: connection cut',
    );
    expect(row).toMatchObject({ failedStarts: 3, enabled: true, confirmedReady: true, isAvailable: true });
    const [, , , last = ''] = ids;
    expect(await shop.job(last)).toMatchObject({ status: 'pending', excludedPrinterIds: [] });
    expect(shop.session().uploads).toHaveLength(9);

    await shop.halt();
    await shop.boot();
    const [found] = (await shop.scheduler.troubleshoot(last)) ?? [];
    expect(found?.result.firstFailedCheck).toBe('available');
    const check = found?.result.checks.find(({ code }) => code === 'available');
    expect(check?.explanation).toContain('The printer is set aside: 3 jobs in a row');
    expect(shop.session().uploads).toHaveLength(0);
  });

  test('takes jobs again when somebody has looked, also those that it failed', async () => {
    const ids = await shop.queue(3);
    await untilPrinter(0, ({ setAside }) => setAside !== null);
    const [first = ''] = ids;
    expect(await shop.job(first)).toMatchObject({ excludedPrinterIds: [shop.printerId] });
    const session = shop.session();
    session.onUpload = endlessUpload;
    const sending = session.next('upload');
    await shop.write((tx) => lookedAt(tx, shop.printerId));
    await sending;
    expect(await shop.printer()).toMatchObject({ setAside: null, failedStarts: 0 });
    expect(await shop.job(first)).toMatchObject({ status: 'sending-to-printer', excludedPrinterIds: [] });
  });

  test('counts anew from a print that begins, and whoever confirms the bed has looked', async () => {
    await shop.queue(2);
    await untilPrinter(0, ({ failedStarts }) => failedStarts === 2);
    await shop.ready();
    expect(await shop.printer()).toMatchObject({ failedStarts: 0 });
    await shop.queue(1);
    await untilPrinter(0, ({ failedStarts }) => failedStarts === 1);
    const session = shop.session();
    session.onUpload = ({ sizeBytes }) =>
      Promise.resolve({ remoteBytes: sizeBytes, durationMs: 1, skipped: false, warning: null });
    const { jobId } = await shop.started();
    session.reports(await shows(jobId, { activity: 'RUNNING' }));
    session.reports(await shows(jobId, { activity: 'FINISH' }));
    await shop.untilJob(jobId, 'completed');
    expect(await shop.printer()).toMatchObject({ failedStarts: 0, setAside: null });
  });

  test('a job that it failed may be sent back to it by hand, and keeps its place', async () => {
    const [id = ''] = await shop.queue(1);
    await untilPrinter(0, ({ failedStarts }) => failedStarts === 1);
    const before = await shop.job(id);
    expect(before.errorMessage).toBe('upload failed: connection cut');
    shop.session().onUpload = endlessUpload;
    const sending = shop.session().next('upload');
    const again = await shop.write(async (tx) => queueAgain(tx, [await tx.get(printJob, id)]));
    expect(again).toEqual([id]);
    await sending;
    expect(await shop.job(id)).toMatchObject({ queueOrder: before.queueOrder, errorMessage: null });
    const none = await shop.write(async (tx) => queueAgain(tx, [await tx.get(printJob, id)]));
    expect(none).toEqual([]);
  });
});

describe('printers beside each other', () => {
  test('pain-06: one that takes its file for ever holds up nobody else', async () => {
    shop = await Workshop.open(2);
    await shop.boot();
    const [slow, quick] = [shop.session(0), shop.session(1)];
    slow.onUpload = endlessUpload;
    const begun = slow.next('upload');
    const [stuck = ''] = await shop.queue(1);
    await begun;
    for (let printed = 0; printed < 3; printed += 1) {
      const sent = quick.next('start');
      const [id = ''] = await shop.queue(1);
      await sent;
      quick.reports(await shows(id, { activity: 'RUNNING' }));
      await shop.untilJob(id, 'printing');
      quick.reports(await shows(id, { activity: 'FINISH' }));
      await shop.untilJob(id, 'completed');
      await shop.ready(1);
    }
    expect(await shop.job(stuck)).toMatchObject({ status: 'sending-to-printer' });
  });

  test('a job that comes back from one finds its place again, though another had taken it', async () => {
    shop = await Workshop.open(1);
    await shop.boot();
    const session = shop.session();
    let fail = () => {};
    session.onUpload = () =>
      new Promise((_, reject) => {
        fail = () => reject(new Error('connection cut'));
      });
    const sending = session.next('upload');
    const [first = ''] = await shop.queue(1);
    await sending;
    await shop.ready(0, false);
    const [second = '', third = ''] = await shop.queue(2);
    const { queueOrder } = await shop.job(first);
    await shop.write(async (tx) =>
      reorder(tx, await tx.get(printJob, second), { newQueueOrder: queueOrder }),
    );
    session.onUpload = cut;
    fail();
    await shop.untilJob(first, 'pending');
    const places = await Promise.all(
      [first, second, third].map(async (id) => (await shop.job(id)).queueOrder),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(new Set(places).size).toBe(3);
    expect(places[0]).toBe(queueOrder);
  });
});

describe('what a printer says of its trouble', () => {
  let session: ScriptedSession;
  let jobId: string;
  beforeEach(async () => {
    shop = await Workshop.open(1);
    await shop.boot();
    ({ jobId, session } = await shop.started());
    session.reports(await shows(jobId, { activity: 'RUNNING' }));
    await shop.untilJob(jobId, 'printing');
  });

  const failing = (code: string | null, health: readonly HealthMessage[]) => ({
    print: { ...idleState().print, errorCode: code, printError: code === null ? 0 : 1 },
    health,
  });
  /** The same marks under a changed state. */
  async function reports(activity: PrinterState['activity'], changes: Partial<PrinterState> = {}) {
    const base = await shows(jobId, { activity });
    const print = { ...base.print, ...changes.print, identity: base.print.identity };
    session.reports({ ...base, ...changes, print, activity });
  }

  test('is on the job when it pauses, in words, and gone when it goes on', async () => {
    const runout = says('0700_8011', 'AMS 1: the filament has run out.', { source: 'print-error' });
    await reports('PAUSE', failing('0700_8011', [runout]));
    const paused = await shop.untilJob(jobId, 'paused');
    expect(paused.errorMessage).toBe('the printer paused with 0700_8011: AMS 1: the filament has run out.');
    await reports('RUNNING');
    expect(await shop.untilJob(jobId, 'printing')).toMatchObject({ errorMessage: null });
    await reports('PAUSE', failing('0300_8001', [says('0300_8001', 'Paused', { source: 'print-error' })]));
    expect(await shop.untilJob(jobId, 'paused')).toMatchObject({ errorMessage: null });
    await reports('PAUSE', failing(null, [says('0300_0D00_0001_0003', 'The bed is not level.')]));
    const told = await shop.until(async () => {
      const job = await shop.job(jobId);
      return job.errorMessage !== null && job;
    });
    expect(told.errorMessage).toBe('the printer paused with 0300_0D00_0001_0003: The bed is not level.');
  });

  test('is on the job when it fails, with the code and in words', async () => {
    const text = 'Printing stopped because homing the Z axis failed.';
    await reports('FAILED', failing('0300_4001', [says('0300_4001', text, { source: 'print-error' })]));
    shop.mono += 60_000;
    await reports('FAILED', failing('0300_4001', []));
    const failed = await shop.untilJob(jobId, 'failed');
    expect(failed.errorMessage).toBe(`the printer stopped with 0300_4001: ${text}`);
  });

  test('a failure without a code names what else the printer complains about', async () => {
    const health = [says('0500_0300_0001_0002', 'The toolhead does not answer.', { severity: 'fatal' })];
    await reports('FAILED', failing(null, health));
    shop.mono += 60_000;
    await reports('FAILED', failing(null, health));
    expect(await shop.untilJob(jobId, 'failed')).toMatchObject({
      errorMessage:
        'the printer reported a failure without a code: 0500_0300_0001_0002: The toolhead does not answer.',
    });
  });
});

describe('continuous printing', () => {
  let watch: ContinuousWatch;
  let session: ScriptedSession;
  beforeEach(async () => {
    shop = await Workshop.open(1);
    await shop.boot();
    session = shop.session();
    const { db: database, storeId } = shop.farm;
    const log = pino({ level: 'silent' });
    watch = new ContinuousWatch({ database, storeId, fleet: shop.fleet, log, monotonic: () => shop.mono });
    await watch.start();
    await shop.write((tx) => setContinuousPrint(tx, shop.printerId, true, 5));
  });
  afterEach(() => watch.stop());

  const ended = () => untilPrinter(0, ({ continuousPrint }) => !continuousPrint);

  test.each<[string, Partial<PrinterState>, string]>([
    [
      'an HMS error',
      { health: [says('0300_0100_0001_0001', 'The bed is too hot.')] },
      'it says 0300_0100_0001_0001: The bed is too hot.',
    ],
    [
      'an HMS warning',
      { health: [says('0C00_0300_0002_0003', 'Dust.', { severity: 'common' })] },
      'it says 0C00_0300_0002_0003: Dust.',
    ],
    ['an open door while it does not print', { doorOpen: true }, 'its door stands open'],
  ])('goes off with %s; the bed waits for a person, and the reason stays', async (_, changes, reason) => {
    session.reports(idleState(changes));
    const row = await ended();
    expect(row).toMatchObject({ confirmedReady: false, fabmaticRemainingJobs: null });
    expect(row.continuousEnded).toMatchObject({ reason });
    expect(shop.fleet.notices(shop.printerId).at(-1)).toMatchObject({
      code: 'continuous-off',
      message: `continuous printing is off: ${reason}`,
    });
    await shop.ready();
    expect(await shop.printer()).toMatchObject({ continuousEnded: null, confirmedReady: true });
  });

  test('goes off when nothing was heard for two minutes, and not before', async () => {
    session.reports(idleState());
    shop.mono += 119_000;
    watch.look();
    session.reports(idleState());
    shop.mono += 119_000;
    watch.look();
    expect(await shop.printer()).toMatchObject({ continuousPrint: true });
    shop.mono += 2_000;
    watch.look();
    expect((await ended()).continuousEnded?.reason).toBe('no report came from it for 120 s');
  });

  test('does not mind pauses that somebody wanted, messages that only inform, or an open door during a print', () => {
    const wanted = ['0300_8000', '0300_8001', '0300_8013'].map((code) =>
      says(code, 'Paused', { source: 'print-error' }),
    );
    const state = idleState({ activity: 'PAUSE', health: wanted, doorOpen: true });
    expect(whyAttended(state)).toBeNull();
    const stale = says('0300_4001', 'Stopped', { source: 'print-error', severity: 'fatal' });
    expect(whyAttended(idleState({ activity: 'FAILED', health: [stale] }))).toBeNull();
    expect(whyAttended(idleState({ activity: 'PAUSE', health: [stale] }))).toContain('0300_4001');
    expect(whyAttended(idleState({ health: [says('x', 'y', { severity: 'info' })] }))).toBeNull();
  });

  test('a normal end counts down and goes on; a door that is open at the end stops it', async () => {
    const { jobId } = await shop.started();
    session.reports(await shows(jobId, { activity: 'RUNNING', doorOpen: true }));
    await shop.untilJob(jobId, 'printing');
    session.reports(await shows(jobId, { activity: 'FINISH', doorOpen: false }));
    await shop.untilJob(jobId, 'completed');
    expect(await shop.printer()).toMatchObject({ confirmedReady: true, fabmaticRemainingJobs: 4 });

    const next = await shop.started();
    session.reports(await shows(next.jobId, { activity: 'RUNNING' }));
    await shop.untilJob(next.jobId, 'printing');
    session.reports(await shows(next.jobId, { activity: 'FINISH', doorOpen: true }));
    await shop.untilJob(next.jobId, 'completed');
    expect(await ended()).toMatchObject({
      confirmedReady: false,
      continuousEnded: { reason: 'its door stands open' },
    });
  });

  test('says after its last job that it has printed what it was allowed to', async () => {
    await shop.write((tx) => setContinuousPrint(tx, shop.printerId, true, 1));
    const { jobId } = await shop.started();
    session.reports(await shows(jobId, { activity: 'RUNNING' }));
    await shop.untilJob(jobId, 'printing');
    session.reports(await shows(jobId, { activity: 'FINISH' }));
    await shop.untilJob(jobId, 'completed');
    expect((await ended()).continuousEnded?.reason).toBe('it has printed as many jobs as it was allowed to');
  });

  test('is known to be watched after a restart too, and ends once', async () => {
    await watch.stop();
    const { db: database, storeId } = shop.farm;
    const log = pino({ level: 'silent' });
    watch = new ContinuousWatch({ database, storeId, fleet: shop.fleet, log, monotonic: () => shop.mono });
    await watch.start();
    shop.mono += 120_000;
    watch.look();
    await ended();
    expect(await shop.write((tx) => endContinuous(tx, shop.printerId, 'again'))).toBe(false);
    await shop.write((tx) => tx.update(printer, shop.printerId, { name: 'other' }));
    expect(shop.fleet.notices(shop.printerId)).toHaveLength(1);
  });
});
