import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let partId: string;

beforeAll(async () => {
  farm = await testFarm();
  const fileUris = [
    await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }, { seconds: 36_000 }] })),
  ];
  const part = await farm.ok('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris });
  partId = textAt(part, 'id');
  await setReady(false);
});
afterAll(() => farm.stop());

const setReady = (ready: boolean) =>
  farm.ok('PATCH', '/v1/printers/confirm-ready', { ready, ids: [farm.printerId()] });

async function queue(
  quantity = 1,
  plate = 1,
  headers = {},
): Promise<{ buildId: string; ids: readonly string[] }> {
  const line = { partId, quantity, plateQuantities: { [plate]: 1 } };
  const made = await farm.api('POST', '/v2/builds', { parts: [line] }, headers);
  expect(made.status).toBe(201);
  const buildId = textAt(made.body, 'partBuilds', 0, 'id');
  const build = await farm.ok('GET', `/v1/part-builds/${buildId}`);
  return { buildId, ids: listAt(build, 'printJobs').map((job) => textAt(job, 'id')) };
}

const act = (verb: string, printJobIds: readonly string[], headers = {}) =>
  farm.api('PATCH', `/v1/print-jobs/${verb}`, { printJobIds }, headers);
const jobOf = (id: string) => farm.ok('GET', `/v1/print-jobs/${id}`);
const becomes = (id: string, status: string) =>
  farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === status);

/** `count` callers at the same time; the ids that all of them together were told. */
async function atOnce(count: number, verb: string, ids: readonly string[]): Promise<readonly unknown[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => act(verb, ids)));
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  return answers.flatMap((answer) => listAt(answer.body));
}

describe('waiting jobs', () => {
  it('are cancelled and queued again once, however many ask at the same time', async () => {
    const { ids, buildId } = await queue(5);
    expect([...(await atOnce(6, 'cancel', ids))].sort()).toEqual([...ids].sort());
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({
      status: 'cancelled',
      printStatus: 'cancelled',
    });
    expect(valueAt(await jobOf(ids[0] ?? ''), 'cancelledAt')).not.toBeNull();
    expect([...(await atOnce(6, 'retry', ids))].sort()).toEqual([...ids].sort());
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({ status: 'queued' });
    expect(await jobOf(ids[0] ?? '')).toMatchObject({ status: 'pending', cancelledAt: null });
    expect(await atOnce(2, 'retry', ids)).toEqual([]);
  });

  it('come back behind all others, in the order in which they were named', async () => {
    const { ids } = await queue(3);
    await act('cancel', ids);
    const other = await queue(1);
    const [a = '', b = '', c = ''] = ids;
    expect((await act('retry', [c, a, b, a])).body).toEqual([c, a, b]);
    const pending = listAt(await farm.ok('GET', '/v1/print-jobs?status=pending&limit=10000'));
    expect(pending.slice(-4).map((job) => valueAt(job, 'id'))).toEqual([other.ids[0], c, a, b]);
  });

  it('are left alone by what does not fit them, and ids that are none are left out', async () => {
    const { ids } = await queue(1);
    for (const verb of ['pause', 'resume', 'retry']) {
      expect((await act(verb, [...ids, 'nope', 'a'.repeat(24)])).body).toEqual([]);
    }
    expect((await act('cancel', [])).body).toEqual([]);
    const { body } = await farm.api('PATCH', '/v1/print-jobs/cancel', {});
    expect(body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
  });

  it('are named in any of the three ways that clients know', async () => {
    for (const body of [{ ids: [] as string[] }, { printJobId: '' }]) {
      const { ids } = await queue(1);
      const [id = ''] = ids;
      const named = 'ids' in body ? { ids: [id] } : { printJobId: id };
      expect(await farm.ok('PATCH', '/v1/print-jobs/cancel', named)).toEqual([id]);
    }
  });
});

describe('jobs on a printer', () => {
  it('are stopped once, however many ask, and the build ends with them', async () => {
    const waiting = await farm.ok('GET', '/v1/print-jobs?status=pending&limit=10000');
    await act(
      'cancel',
      listAt(waiting).map((job) => textAt(job, 'id')),
    );
    const { ids, buildId } = await queue(1, 2);
    const [id = ''] = ids;
    await setReady(true);
    await becomes(id, 'printing');
    expect(new Set(await atOnce(4, 'cancel', ids))).toEqual(new Set(ids));
    await becomes(id, 'cancelled');
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({ status: 'cancelled' });
    const begun = farm.emulator.log.entries.filter(
      (entry) => entry.kind === 'print' && entry.event === 'begun',
    );
    const ended = farm.emulator.log.entries.filter(
      (entry) => entry.kind === 'print' && entry.event === 'ended',
    );
    expect(begun).toHaveLength(1);
    expect(ended).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('are queued as new jobs of the same build once they are completed', async () => {
    await farm.until(`/v1/printers/${farm.printerId()}`, (body) => valueAt(body, 'isAvailable') === true);
    const { ids, buildId } = await queue(1);
    const [id = ''] = ids;
    await setReady(true);
    await becomes(id, 'completed');
    await setReady(false);
    const [again = ''] = listAt((await act('retry', [id])).body).map(String);
    expect(again).not.toBe(id);
    expect(await jobOf(again)).toMatchObject({
      status: 'pending',
      partBuildId: buildId,
      quantityTotal: 1,
      printingStartedAt: null,
      assignedPrinterId: null,
      taskId: 0,
    });
    expect(await jobOf(id)).toMatchObject({ status: 'completed' });
    expect(await farm.ok('GET', `/v1/part-builds/${buildId}`)).toMatchObject({ status: 'fulfilling' });
  });
});

describe('a key for its own jobs', () => {
  it('changes them and no others', async () => {
    const made = await farm.ok('POST', '/v1/api-keys', {
      name: 'Shop',
      permissions: ['job.create', 'job.edit.own', 'queue.view', 'part.view'],
    });
    const as = { authorization: `ApiKey ${textAt(made, 'key')}` };
    const own = await queue(2, 1, as);
    const others = await queue(1);
    expect((await act('cancel', own.ids, as)).body).toEqual(own.ids);
    expect((await act('retry', own.ids, as)).body).toEqual(own.ids);
    const refused = await act('cancel', [...own.ids, ...others.ids], as);
    expect(refused.body).toMatchObject({ statusCode: 403, requiredPermissions: ['queue.manage'] });
    expect(await jobOf(own.ids[0] ?? '')).toMatchObject({ status: 'pending' });
    expect((await act('cancel', own.ids)).body).toEqual(own.ids);
  });
});

describe('a settled job', () => {
  it('must have had an outcome that nobody knew', async () => {
    const { ids } = await queue(1);
    const answer = await farm.api('POST', `/local/print-jobs/${ids[0] ?? ''}/resolve`, {
      outcome: 'completed',
    });
    expect(answer.body).toMatchObject({ statusCode: 409, code: 'invalid_state' });
  });
});
