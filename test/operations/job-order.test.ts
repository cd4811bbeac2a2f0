import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let partId: string;

beforeAll(async () => {
  // Nobody prints here: what waits goes on waiting.
  farm = await testFarm({ adopt: false });
  const fileUris = [await farm.upload('part.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }))];
  partId = textAt(await farm.ok('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris }), 'id');
});
afterAll(() => farm.stop());

async function queue(quantity: number, headers = {}): Promise<readonly string[]> {
  const made = await farm.api('POST', '/v2/builds', { parts: [{ partId, quantity }] }, headers);
  expect(made.status).toBe(201);
  const build = await farm.ok('GET', `/v1/part-builds/${textAt(made.body, 'partBuilds', 0, 'id')}`);
  return listAt(build, 'printJobs').map((job) => textAt(job, 'id'));
}
const patch = (path: string, body: unknown, headers = {}) =>
  farm.api('PATCH', `/v1/print-jobs/${path}`, body, headers);
const jobOf = (id: string) => farm.ok('GET', `/v1/print-jobs/${id}`);
async function waiting(): Promise<readonly { id: string; queueOrder: number; priority: number }[]> {
  const jobs = listAt(await farm.ok('GET', '/v1/print-jobs?status=pending&limit=10000'));
  return jobs.map((job) => ({
    id: textAt(job, 'id'),
    queueOrder: Number(valueAt(job, 'queueOrder')),
    priority: Number(valueAt(job, 'priority')),
  }));
}
async function keyFor(...permissions: readonly string[]): Promise<{ authorization: string }> {
  const key = await farm.ok('POST', '/v1/api-keys', { name: 'Key', permissions });
  return { authorization: `ApiKey ${textAt(key, 'key')}` };
}

describe('the order of the queue', () => {
  it('is whole and the same for all, however many change it at once', async () => {
    const ids = await queue(12);
    const answers = await Promise.all(
      ids.flatMap((id, index) => [
        patch('move-to-queue-front', { printJobIds: [id] }),
        patch(`${id}/reorder`, {
          newQueueOrder: index * 100,
          ...(index % 3 === 0 ? { priority: 1000 } : {}),
        }),
        patch('bulk-reorder', {
          updates: ids.slice(0, index).map((one) => ({ id: one, newQueueOrder: index })),
        }),
      ]),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const jobs = await waiting();
    expect(jobs.map(({ id }) => id).toSorted()).toEqual([...ids].toSorted());
    const places = jobs.map(({ priority, queueOrder }) => `${priority} ${queueOrder}`);
    expect(new Set(places).size).toBe(places.length);
    for (const id of ids) await patch(`${id}/reorder`, { priority: 100 });
  });

  it('is answered empty, and refused in words that say what would be right', async () => {
    const [id = ''] = await queue(1);
    const answer = await patch(`${id}/reorder`, {});
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers.get('content-length')).toBe('0');
    for (const body of [{ priority: 500 }, { newQueueOrder: -1 }, { newQueueOrder: 1.5 }]) {
      expect((await patch(`${id}/reorder`, body)).body).toMatchObject({ code: 'validation_failed' });
    }
    const twice = {
      updates: [
        { id, newQueueOrder: 1 },
        { id, newQueueOrder: 2 },
      ],
    };
    expect((await patch('bulk-reorder', twice)).body).toMatchObject({
      code: 'validation_failed',
      message: expect.stringContaining('each print job once'),
    });
    expect((await patch(`${'a'.repeat(24)}/reorder`, { priority: 100 })).status).toBe(404);
    expect((await patch('bulk-reorder', { updates: [{ id: 'nope' }] })).status).toBe(404);
    await patch('cancel', { printJobIds: [id] });
    expect((await patch(`${id}/reorder`, { priority: 100 })).body).toMatchObject({ code: 'invalid_state' });
    expect((await patch('move-to-queue-front', { printJobIds: [id] })).body).toEqual([]);
  });
});

describe('the order of the queue under load', () => {
  /** What one client does, by numbers that choose among the jobs there are by then. */
  const deed = fc.record({
    kind: fc.constantFrom('front', 'place', 'tier', 'many', 'edit', 'cancel', 'retry', 'build'),
    which: fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 4 }),
    place: fc.nat({ max: 12_000 }),
    low: fc.boolean(),
  });

  it('is total, loses no job and doubles none, whatever parallel clients do to it', async () => {
    await patch('cancel', { ids: (await waiting()).map(({ id }) => id) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(deed, { minLength: 4, maxLength: 8 }), { minLength: 3, maxLength: 5 }),
        async (clients) => {
          const all = [...(await queue(6))];
          const act = async ({ kind, which, place, low }: (typeof clients)[number][number]) => {
            const ids = [...new Set(which.map((one) => all[one % all.length] ?? ''))];
            const [id = ''] = ids;
            const priority = low ? 1000 : 100;
            switch (kind) {
              case 'front':
                return patch('move-to-queue-front', { printJobIds: ids });
              case 'place':
                return patch(`${id}/reorder`, { newQueueOrder: place });
              case 'tier':
                return patch(`${id}/reorder`, { priority, ...(place % 2 ? { newQueueOrder: place } : {}) });
              case 'many':
                return patch('bulk-reorder', {
                  updates: ids.map((one) => ({ id: one, newQueueOrder: place, priority })),
                });
              case 'edit':
                return patch(id, { priority });
              case 'cancel':
                return patch('cancel', { ids });
              case 'retry':
                return patch('retry', { ids });
              case 'build': {
                const position = low ? 'front' : 'back';
                const line = { parts: [{ partId, quantity: 2, position, priority }] };
                const made = await farm.api('POST', '/v2/builds', line);
                if (made.status === 201) {
                  const build = await farm.ok(
                    'GET',
                    `/v1/part-builds/${textAt(made.body, 'partBuilds', 0, 'id')}`,
                  );
                  all.push(...listAt(build, 'printJobs').map((job) => textAt(job, 'id')));
                }
                return made;
              }
            }
          };
          await Promise.all(
            clients.map(async (deeds) => {
              for (const one of deeds) {
                const { status, text } = await act(one);
                // A job may have been cancelled by somebody else a moment before: that is said, and nothing else goes wrong.
                expect([200, 201, 409], `${one.kind}: ${text}`).toContain(status);
              }
            }),
          );
          const jobs = listAt(await farm.ok('GET', '/v1/print-jobs?limit=10000'));
          const ours = jobs.filter((job) => all.includes(textAt(job, 'id')));
          expect(ours.map((job) => textAt(job, 'id')).toSorted()).toEqual(all.toSorted());
          expect(ours.every((job) => ['pending', 'cancelled'].includes(textAt(job, 'status')))).toBe(true);
          const queued = await waiting();
          const places = queued.map(({ priority, queueOrder }) => `${priority} ${queueOrder}`);
          expect(new Set(places).size).toBe(places.length);
          const sorted = queued.toSorted((a, b) => a.priority - b.priority || a.queueOrder - b.queueOrder);
          expect(sorted).toEqual(queued);
          for (const { queueOrder } of queued) {
            expect(Number.isSafeInteger(queueOrder)).toBe(true);
            expect(queueOrder).toBeGreaterThanOrEqual(0);
          }
          await patch('cancel', { ids: all });
        },
      ),
      { numRuns: 8 },
    );
  });

  it('answers a repeated request as it did the first, and leaves the queue as it was', async () => {
    const ids = await queue(5);
    const [a = '', b = '', c = ''] = ids;
    const deeds: readonly [string, object][] = [
      ['move-to-queue-front', { printJobIds: [c, a] }],
      [`${b}/reorder`, { priority: 1000 }],
      [
        'bulk-reorder',
        {
          updates: [
            { id: a, newQueueOrder: 7 },
            { id: c, newQueueOrder: 7 },
          ],
        },
      ],
    ];
    for (const [path, body] of deeds) {
      const first = await patch(path, body);
      const after = await waiting();
      const again = await patch(path, body);
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(await waiting()).toEqual(after);
    }
  });
});

describe('a waiting job', () => {
  it('is changed in what it asks for, and told the farm of', async () => {
    const [id = '', other = ''] = await queue(2);
    const change = {
      label: 'Blue one',
      requiredPrinterTags: { 'user.tags': 'upstairs' },
      materialAssignments: { 0: [{ materialType: 'PETG' }] },
    };
    const answer = await patch(id, { ...change, unknown: true });
    expect(answer.body).toMatchObject({ id, status: 'pending', ...change });
    expect(await jobOf(id)).toEqual(answer.body);
    expect(await jobOf(other)).toMatchObject({ label: 'Part', requiredPrinterTags: {} });
    const [entry] = listAt(await farm.ok('GET', `/v1/audit-logs?entityId=${id}&limit=1`));
    expect(entry).toMatchObject({ detailedAction: 'printJob.update' });
    expect((await patch(id, { overriddenProcessProfileId: 'nope' })).status).toBe(400);
    expect((await patch('a'.repeat(24), { label: 'x' })).status).toBe(404);
  });

  it('may be sent back as it was read, with something else in it', async () => {
    const [id = ''] = await queue(1);
    const shown = await jobOf(id);
    const answer = await patch(id, { ...Object(shown), label: 'Same, but renamed' });
    expect(answer.body).toMatchObject({ label: 'Same, but renamed' });
  });

  it('stays what it was queued as', async () => {
    const [id = ''] = await queue(1);
    for (const body of [{ quantityIndex: 2 }, { partName: 'Other' }, { filesToPrint: ['x'] }]) {
      const answer = await patch(id, body);
      expect(answer.body).toMatchObject({ statusCode: 409, code: 'invalid_state' });
      expect(answer.text).toContain(Object.keys(body)[0]);
    }
  });

  it('is not changed any more once it has ended', async () => {
    const [id = ''] = await queue(1);
    await patch('cancel', { printJobIds: [id] });
    expect((await patch(id, { label: 'Late' })).body).toMatchObject({
      code: 'invalid_state',
      message: expect.stringContaining('cancelled'),
    });
    expect((await patch(id, { label: 'Part' })).status).toBe(200);
  });

  it('has a status that nobody writes but the owner, to repair it, where no printer is concerned', async () => {
    const [id = ''] = await queue(1);
    const manager = await keyFor('job.edit.all', 'queue.view');
    expect((await patch(id, { status: 'cancelled' }, manager)).body).toMatchObject({ code: 'invalid_state' });
    expect((await patch(id, { status: 'printing' })).body).toMatchObject({ code: 'invalid_state' });
    expect((await patch(id, { status: 'completed' })).body).toMatchObject({ code: 'invalid_state' });
    const cancelled = (await patch(id, { status: 'cancelled' })).body;
    expect(cancelled).toMatchObject({ status: 'cancelled', cancelledAt: expect.any(String) });
    expect((await patch(id, { status: 'pending' })).body).toMatchObject({
      status: 'pending',
      cancelledAt: null,
    });
  });
});

describe('jobs that have ended', () => {
  it('are cleared from view once, and counted in the history', async () => {
    const ids = await queue(2);
    const [done = '', waits = ''] = ids;
    await patch('cancel', { printJobIds: [done] });
    const answers = await Promise.all([1, 2, 3].map(() => patch('clear', { ids: [...ids, 'none'] })));
    expect(answers.flatMap(({ body }) => listAt(body))).toEqual([done]);
    expect(await jobOf(done)).toMatchObject({ status: 'cancelled', hidden: true });
    expect(await jobOf(waits)).toMatchObject({ hidden: false });
    await patch('retry', { ids: [done] });
    expect(await jobOf(done)).toMatchObject({ status: 'pending', hidden: false });
  });
});

describe('a key for its own jobs', () => {
  it('clears and changes them and no others', async () => {
    const own = await keyFor('job.create', 'part.view', 'job.edit.own', 'job.delete.own');
    const [mine = ''] = await queue(1, own);
    const [others = ''] = await queue(1);
    expect((await patch(mine, { label: 'Mine' }, own)).status).toBe(200);
    expect((await patch(others, { label: 'Mine' }, own)).body).toMatchObject({
      statusCode: 403,
      requiredPermissions: ['job.edit.all'],
    });
    await patch('cancel', { ids: [mine, others] });
    expect((await patch('clear', { ids: [mine] }, own)).body).toEqual([mine]);
    expect((await patch('clear', { ids: [others] }, own)).body).toMatchObject({
      statusCode: 403,
      requiredPermissions: ['job.delete.all'],
    });
    const without = await keyFor('queue.view');
    for (const verb of ['clear', 'move-to-queue-front', 'bulk-reorder']) {
      expect((await patch(verb, {}, without)).status).toBe(403);
    }
  });
});
