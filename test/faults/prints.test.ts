import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, textAt, valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

let floor: ShopFloor;

beforeAll(async () => {
  floor = await ShopFloor.open([...Array.from({ length: 15 }, () => 'X1C'), 'A1M']);
});
afterAll(() => floor.close());

const health = (stat: unknown) => JSON.stringify(valueAt(stat, 'data', 'health'));

describe.concurrent('a start that is answered strangely', () => {
  it.each([
    ['mqtt.ackWithoutResult', { command: 'project_file' }],
    ['mqtt.ackDelay', { command: 'project_file', seconds: 900 }],
  ])('fault-19: %s: is judged by what is printed, and never repeated', async (fault, args) => {
    const printer = floor.next();
    printer.addFault(fault, args);
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
    expect(floor.begun(printer)).toHaveLength(1);
  });
});

describe.concurrent('a print in trouble', () => {
  it('job.failPrepare: fails with the printer’s code before it has begun', async () => {
    const printer = floor.next();
    printer.addFault('job.failPrepare', { code: '0500_4003' });
    const job = await floor.job(await floor.queue(printer), 'failed');
    expect(textAt(job, 'errorMessage')).toContain('0500_4003');
    expect(floor.starts(printer)).toHaveLength(1);
    expect(await floor.ready(printer)).toBe(false);
  });

  it('fault-42: job.pauseAt: a pause is shown with its cause, and somebody goes on by REST', async () => {
    const printer = floor.next();
    printer.addFault('job.pauseAt', { layer: 2, code: '0300_8014' });
    const id = await floor.queue(printer);
    await floor.job(id, 'paused');
    const stat = await floor.stat(printer, (told) => health(told).includes('0300-8014'));
    expect(valueAt(stat, 'state')).toBe('PAUSE');
    const says = /^the printer paused with 0300_8014: ./;
    await floor.farm.until(`/v1/print-jobs/${id}`, (job) => says.test(String(valueAt(job, 'errorMessage'))));
    expect(await floor.farm.ok('PATCH', '/v1/print-jobs/resume', { printJobIds: [id] })).toEqual([id]);
    const [told] = listAt(await floor.farm.ok('GET', `/local/printers/${floor.id(printer)}/commands`));
    expect(told).toMatchObject({ command: { command: 'resume' }, outcome: 'accepted' });
    expect(valueAt(await floor.job(id, 'completed'), 'errorMessage')).toBeNull();
  });

  it('fact-14, fault-30, pain-14: job.cancelOnScreen: is cancelled, not failed, and raises no alarm', async () => {
    const printer = floor.next();
    printer.addFault('job.cancelOnScreen', { layer: 3 });
    const job = await floor.job(await floor.queue(printer), 'cancelled');
    expect(textAt(job, 'errorMessage')).toBe('cancelled at the printer');
    const stat = await floor.stat(printer, (told) => valueAt(told, 'state') === 'FAILED');
    expect(valueAt(stat, 'data', 'health', 'errors')).toEqual([]);
    expect(await floor.ready(printer)).toBe(false);
  });
});

describe.concurrent('continuous printing', () => {
  it('goes off when the printer complains, says why to everybody, and comes back only without a complaint', async () => {
    const printer = floor.next();
    const id = floor.id(printer);
    const body = { enabled: true, jobLimit: 3, ids: [id] };
    const switchOn = () => floor.farm.ok('PATCH', '/v1/printers/continous-print', body);
    expect(await switchOn()).toMatchObject([{ id, continuousPrint: true, fabmaticRemainingJobs: 3 }]);
    printer.addFault('hms.raise', { key: '0300_0100_0001_0001' });
    const row = await floor.row(printer, (told) => valueAt(told, 'continuousPrint') === false);
    expect(row).toMatchObject({ confirmedReady: false, fabmaticRemainingJobs: null });
    const [attention] = listAt(await floor.live(printer), 'attention');
    expect(attention).toMatchObject({
      code: 'continuous-print',
      message: expect.stringContaining('it says 0300_0100_0001_0001: '),
    });
    const audit = listAt(await floor.farm.ok('GET', `/v1/audit-logs?entityId=${id}&limit=10`));
    expect(audit).toContainEqual(
      expect.objectContaining({
        detailedAction: 'printer.continuousPrintDisabled',
        metadata: { reason: expect.stringContaining('0300_0100_0001_0001') },
      }),
    );
    expect(await switchOn()).toEqual([]);

    printer.addFault('hms.clear');
    await floor.live(printer, (told) => listAt(told, 'lastReport', 'health').length === 0);
    const acknowledged = await floor.farm.ok('POST', `/local/printers/${id}/acknowledge`);
    expect(acknowledged).toMatchObject({ id, confirmedReady: false, continuousPrint: false });
    const left = listAt(await floor.live(printer), 'attention').map((one) => valueAt(one, 'code'));
    expect(left).not.toContain('continuous-print');
    expect(await switchOn()).toMatchObject([{ id, continuousPrint: true }]);
    const unknown = await floor.farm.api('POST', `/local/printers/${'a'.repeat(24)}/acknowledge`);
    expect(unknown.status).toBe(404);
  });
});

describe.concurrent('an end that is not what it seems', () => {
  it('pain-33: job.finishAt: a print that stopped short is said, and nothing follows it by itself', async () => {
    const printer = floor.next();
    printer.addFault('job.finishAt', { layer: 4 });
    const ids = [floor.id(printer)];
    await floor.farm.ok('PATCH', '/v1/printers/continous-print', { enabled: true, ids });
    const job = await floor.job(await floor.queue(printer), 'completed');
    expect(textAt(job, 'errorMessage')).toMatch(/finished at layer \d+ of \d+/);
    expect(await floor.row(printer)).toMatchObject({ confirmedReady: false, continuousPrint: false });
    expect(await floor.notices(printer)).toEqual(['continuous-off', 'ended-early']);
  });

  it('pain-34: power.ghostPrint: without ids too, what a machine begins by itself completes no job', async () => {
    const printer = floor.next('N1');
    printer.addFault('report.omit', {
      keys: ['task_id', 'subtask_id', 'job_id', 'project_id', 'profile_id'],
    });
    printer.addFault('power.ghostPrint', { times: 1 });
    const id = await floor.queue(printer);
    await floor.stat(printer, (stat) => Number(valueAt(stat, 'data', 'print', 'percent')) > 20);
    await printer.power(false);
    await floor.online(printer, false);
    await printer.power(true);
    const job = await floor.job(id, 'failed', 'completed');
    expect(textAt(job, 'errorMessage')).toMatch(/^outcome unknown/);
    expect(floor.starts(printer)).toHaveLength(1);
    expect(await floor.ready(printer)).toBe(false);
  });
});

describe.concurrent('errors that mean nothing, and messages that mean something', () => {
  it('fault-29: error.ghost: a phase of a print is no error', async () => {
    const printer = floor.next();
    printer.addFault('error.ghost', { code: '0300_0002' });
    const id = await floor.queue(printer);
    const stat = await floor.stat(printer, (told) => valueAt(told, 'state') === 'RUNNING');
    expect(valueAt(stat, 'data', 'health', 'errors')).toEqual([]);
    expect(valueAt(await floor.job(id, 'completed'), 'errorMessage')).toBeNull();
  });

  it('hms.raise, hms.clear: are shown in words as long as they last', async () => {
    const printer = floor.next();
    printer.addFault('hms.raise', { key: '0300_0200_0001_0001' });
    const stat = await floor.stat(printer, (told) => health(told).includes('0300-0200-0001-0001'));
    expect(textAt(stat, 'data', 'health', 'errors', 0, 'message').length).toBeGreaterThan(10);
    // Nobody should leave such a printer to itself.
    const ids = [floor.id(printer)];
    expect(await floor.farm.ok('PATCH', '/v1/printers/continous-print', { enabled: true, ids })).toEqual([]);
    printer.addFault('hms.clear');
    await floor.stat(printer, (told) => valueAt(told, 'data', 'health', 'errors', 0) === undefined);
  });
});

describe.concurrent('Developer Mode', () => {
  it.each(['verify-failed', 'bare'])(
    'fault-41, pain-23: dev.modeOff (%s): nothing is sent once it is known, and the words say what to switch on',
    async (shape) => {
      const printer = floor.next();
      printer.addFault('dev.modeOff', { shape });
      await floor.live(printer, (live) => valueAt(live, 'lastReport', 'developerMode') === 'off');
      const id = await floor.queue(printer);
      await floor.farm.until(`/v1/print-jobs/${id}/matching-troubleshoot`, (why) =>
        JSON.stringify(why).includes('Developer Mode is off'),
      );
      expect(floor.starts(printer)).toEqual([]);
      expect(floor.truth(printer, 'ftp', 'login')).toEqual([]);
      printer.clearFaults();
      await floor.job(id, 'completed');
    },
  );
});

describe.concurrent('prints of others', () => {
  it('fault-42, pain-43: job.externalJob: is shown as somebody else’s, and takes no copy of ours from the queue', async () => {
    const printer = floor.next();
    // Somebody prints by hand what is queued here, under the same name.
    printer.addFault('job.externalJob', { name: 'Cube', seconds: 1_200 });
    await floor.row(printer, (row) => valueAt(row, 'isAvailable') === false);
    const first = await floor.queue(printer, 2);
    const why = await floor.farm.ok('GET', `/v1/print-jobs/${first}/matching-troubleshoot`);
    expect(JSON.stringify(why)).toContain('printing \\"Cube\\", which the daemon did not start');
    await floor.row(printer, (row) => valueAt(row, 'isAvailable') === true);
    expect(valueAt(await floor.job(first, 'pending'), 'assignedPrinterId')).toBeNull();
    expect(await floor.ready(printer)).toBe(false);
    await floor.confirm(printer);
    await floor.job(first, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });

  it('fault-42: a pause at the screen is a pause here', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.happened(printer, 'print', 'begun');
    printer.pressPause();
    await floor.job(id, 'paused');
    printer.pressResume();
    await floor.job(id, 'completed');
  });
});

describe.concurrent('a print that ends while nobody looks', () => {
  it('fault-40: is closed by what the printer shows afterwards', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.job(id, 'printing');
    printer.addFault('net.refuse');
    printer.addFault('net.drop');
    await floor.happened(printer, 'print', 'ended');
    await floor.online(printer, false);
    printer.clearFaults();
    await floor.job(id, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
    expect(await floor.ready(printer)).toBe(false);
  });
});
