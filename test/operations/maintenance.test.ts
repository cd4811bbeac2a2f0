import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let partId: string;
/** A job that prints on the printer. */
let running: string;

beforeAll(async () => {
  farm = await testFarm();
  const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 1_800 }] }))];
  partId = textAt(await farm.ok('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris }), 'id');
});
afterAll(() => farm.stop());

const status = async (method: string, path: string, body?: unknown) =>
  (await farm.api(method, path, body)).status;
const mode = (enabled: boolean) =>
  farm.ok('PATCH', '/v1/maintenance/mode', { printerIds: [farm.printerId(), 'a'.repeat(24)], enabled });
const becomes = (id: string, wanted: string) =>
  farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === wanted, 25_000);

describe('a printer in maintenance', () => {
  it('ends the print that runs and begins no other until it is let back', async () => {
    const made = await farm.ok('POST', '/v2/builds', { parts: [{ partId, quantity: 2 }] });
    const build = await farm.ok('GET', `/v1/part-builds/${textAt(made, 'partBuilds', 0, 'id')}`);
    const [first = '', second = ''] = listAt(build, 'printJobs').map((job) => textAt(job, 'id'));
    await becomes(first, 'printing');
    expect(listAt(await mode(true))).toHaveLength(1);
    await becomes(first, 'completed');
    await farm.until(`/v1/printers/${farm.printerId()}`, (body) => valueAt(body, 'isAvailable') === true);
    await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: true, ids: [farm.printerId()] });
    const why = await farm.ok('GET', `/v1/print-jobs/${second}/matching-troubleshoot`);
    expect(valueAt(why, 'printers', 0, 'firstFailedCheck')).toBe('in-maintenance');
    expect(await farm.ok('GET', `/v1/print-jobs/${second}`)).toMatchObject({ status: 'pending' });
    await mode(false);
    await becomes(second, 'printing');
    running = second;
    for (const said of ['in maintenance', 'back from maintenance'])
      expect(farm.logLines.filter((line) => line.includes(`"msg":"${said}"`))).toHaveLength(1);
  });

  it('is named with what came due when its print ended, in the log and where people look', async () => {
    const item = await farm.ok('POST', '/v1/maintenance/items', {
      name: 'Brush the nozzle',
      triggerType: 'job_count',
      interval: 1,
      warningThresholdPct: 80,
      notes: null,
    });
    const enrollments = [{ printerId: farm.printerId() }];
    await farm.ok('POST', '/v1/maintenance/enrollments', {
      maintenanceItemId: textAt(item, 'id'),
      enrollments,
    });
    const before = await farm.ok('GET', `/v1/printers/${farm.printerId()}`);
    await becomes(running, 'completed');
    expect(listAt(await farm.ok('GET', '/v1/maintenance/enrollments'))).toMatchObject([
      { lastNotifiedStatus: 'OVERDUE' },
    ]);
    const live = await farm.ok('GET', `/local/printers/${farm.printerId()}`);
    expect(valueAt(live, 'attention')).toContainEqual({
      code: 'maintenance-overdue',
      message: 'Brush the nozzle: 1 of 1 jobs have passed.',
    });
    const printed = await farm.until(
      `/v1/printers/${farm.printerId()}`,
      (row) => Number(valueAt(row, 'lifetimePrintHours')) > Number(valueAt(before, 'lifetimePrintHours')),
    );
    expect(valueAt(printed, 'lifetimeJobCount')).toBe(Number(valueAt(before, 'lifetimeJobCount')) + 1);
    const said = farm.logLines.filter((line) => line.includes('maintenance is overdue'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('Brush the nozzle');
    await farm.ok('DELETE', `/v1/maintenance/items/${textAt(item, 'id')}`);
  });
});

describe('maintenance items', () => {
  const item = {
    name: 'Oil',
    triggerType: 'print_hours',
    interval: 100,
    warningThresholdPct: 80,
    notes: null,
  };

  it('have an interval, and a warning within it', async () => {
    for (const wrong of [
      { interval: 0 },
      { interval: -1 },
      { warningThresholdPct: 101 },
      { triggerType: 'moon' },
      { name: '' },
    ]) {
      const answer = await farm.api('POST', '/v1/maintenance/items', { ...item, ...wrong });
      expect(answer.body).toMatchObject({ code: 'validation_failed' });
      expect(answer.text).toContain(Object.keys(wrong)[0]);
    }
    const made = await farm.ok('POST', '/v1/maintenance/items', { ...item, isSystemDefault: true });
    expect(made).toMatchObject({ isSystemDefault: false });
    expect(await status('PATCH', `/v1/maintenance/items/${textAt(made, 'id')}`, { interval: 0 })).toBe(400);
    expect(await status('DELETE', `/v1/maintenance/items/${textAt(made, 'id')}`)).toBe(200);
    expect(await status('DELETE', `/v1/maintenance/items/${textAt(made, 'id')}`)).toBe(404);
  });

  it('that ship with the daemon are changed and copied, not deleted', async () => {
    await farm.ok('POST', '/v1/maintenance/recommended-enrollments', {
      printerIds: [farm.printerId()],
      offsets: {},
    });
    const [shipped] = listAt(await farm.ok('GET', '/v1/maintenance/items?isSystemDefault=true'));
    const path = `/v1/maintenance/items/${textAt(shipped, 'id')}`;
    expect((await farm.api('DELETE', path)).body).toMatchObject({ statusCode: 409, code: 'managed' });
    expect(await farm.ok('PATCH', path, { interval: 12 })).toMatchObject({ interval: 12 });
    const copy = await farm.ok('POST', `${path}/duplicate`);
    expect(copy).toMatchObject({ isSystemDefault: false, interval: 12 });
    expect(await status('DELETE', `/v1/maintenance/items/${textAt(copy, 'id')}`)).toBe(200);
    const included = await farm.ok('GET', `/v1/printers?include=maintenanceEnrollments.maintenanceItem`);
    expect(listAt(included, 0, 'maintenanceEnrollments').length).toBeGreaterThan(3);
    expect(valueAt(included, 0, 'maintenanceEnrollments', 0, 'maintenanceItem', 'isSystemDefault')).toBe(
      true,
    );
  });

  it('are watched for printers that there are, and done by whoever says so', async () => {
    const id = textAt(await farm.ok('POST', '/v1/maintenance/items', item), 'id');
    const enroll = (printerId: string, maintenanceItemId = id) =>
      farm.api('POST', '/v1/maintenance/enrollments', { maintenanceItemId, enrollments: [{ printerId }] });
    expect((await enroll('a'.repeat(24))).status).toBe(404);
    expect((await enroll(farm.printerId(), 'a'.repeat(24))).status).toBe(404);
    const made = (await enroll(farm.printerId())).body;
    expect((await enroll(farm.printerId())).body).toEqual([]);
    const enrollmentIds = [textAt(made, 0, 'id')];
    const done = await farm.api('POST', '/v1/maintenance/mark-done', { enrollmentIds, userId: 'alex' });
    expect(done).toMatchObject({ status: 201, text: '' });
    const [newest] = listAt(await farm.ok('GET', '/v1/maintenance/history?include=printer,maintenanceItem'));
    expect(newest).toMatchObject({ completedBy: 'alex', maintenanceItem: { name: 'Oil' } });
    const nobody = { enrollmentIds: ['a'.repeat(24)] };
    expect(await status('POST', '/v1/maintenance/mark-done', nobody)).toBe(404);
    expect(await status('GET', `/v1/maintenance/printers/${'a'.repeat(24)}/status`)).toBe(404);
  });

  it('go with their printer, and the farm hears of it', async () => {
    const before = listAt(await farm.ok('GET', '/v1/maintenance/enrollments'));
    expect(before.length).toBeGreaterThan(0);
    await farm.ok('PATCH', '/v1/print-jobs/cancel', {
      printJobIds: listAt(await farm.ok('GET', '/v1/print-jobs?status=printing')).map((job) =>
        textAt(job, 'id'),
      ),
    });
    await farm.ok('DELETE', `/v1/printers/${farm.printerId()}`);
    expect(await farm.ok('GET', '/v1/maintenance/enrollments')).toEqual([]);
    expect(await farm.ok('GET', '/v1/maintenance/history')).toEqual([]);
  });
});
