import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { type ApiAnswer, listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let partId: string;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
  partId = await newPart('Frame', await cube({ plates: [{ name: 'Left' }, { name: 'Right' }] }));
});
afterAll(() => farm.stop());

async function newPart(name: string, bytes: Uint8Array, more: object = {}): Promise<string> {
  const fileUris = [await farm.upload(`${name}.gcode.3mf`, bytes)];
  const body = { name, type: 'gcode3mf', fileUris, ...more };
  return textAt(await farm.ok('POST', '/v1/parts', body), 'id');
}

const build = (...parts: readonly object[]): Promise<ApiAnswer> => farm.api('POST', '/v2/builds', { parts });

/** Jobs of the one build that a line makes. */
async function jobsOf(line: object): Promise<readonly unknown[]> {
  const made = await build({ partId, ...line });
  expect(made.status).toBe(201);
  const id = textAt(made.body, 'partBuilds', 0, 'id');
  return listAt(await farm.ok('GET', `/v1/part-builds/${id}`), 'printJobs');
}

const plateOf = (job: unknown) => valueAt(job, 'extensions', '3mf', 'plateId');
const pending = async () => listAt(await farm.ok('GET', '/v1/print-jobs?status=pending&limit=10000'));

describe('a build', () => {
  it('makes a job for every plate and copy, numbered through', async () => {
    const jobs = await jobsOf({ quantity: 2, plateQuantities: { Left: 1, Right: 2 } });
    expect(jobs.map(plateOf)).toEqual([1, 2, 2, 1, 2, 2]);
    expect(jobs.map((job) => valueAt(job, 'quantityIndex'))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(jobs.every((job) => valueAt(job, 'quantityTotal') === 6)).toBe(true);
    expect(new Set(jobs.map((job) => valueAt(job, 'label')))).toEqual(new Set(['Frame']));
  });

  it('prints every plate once when none is named', async () => {
    expect((await jobsOf({})).map(plateOf)).toEqual([1, 2]);
    expect((await jobsOf({ plateQuantities: {} })).map(plateOf)).toEqual([1, 2]);
    expect((await jobsOf({ plateQuantities: { '1': 0, '2': 1 } })).map(plateOf)).toEqual([2]);
  });

  it('of nothing is done at once', async () => {
    const made = await build({ partId, quantity: 0 });
    expect(made.body).toMatchObject({ partBuilds: [{ quantity: 0, status: 'success' }] });
  });

  it('lays its tags over those of the part, key by key', async () => {
    const tagged = await newPart('Tagged', await cube(), {
      printTags: { 'user.tags': 'a', 'printer.modelName': 'A1 mini' },
    });
    const [job] = await jobsOf({ partId: tagged, tags: { 'user.tags': 'b' }, label: 'For Ada' });
    expect(job).toMatchObject({
      label: 'For Ada',
      partName: 'Tagged',
      requiredPrinterTags: { 'user.tags': 'b', 'printer.modelName': 'A1 mini' },
    });
  });

  it('goes where it is told, in its own order', async () => {
    const before = (await pending()).map((job) => textAt(job, 'id'));
    const front = await jobsOf({ position: 'front' });
    const low = await jobsOf({ position: 'front', priority: 1000 });
    const back = await jobsOf({});
    const ids = (jobs: readonly unknown[]) => jobs.map((job) => textAt(job, 'id'));
    expect((await pending()).map((job) => textAt(job, 'id'))).toEqual([
      ...ids(front),
      ...before,
      ...ids(back),
      ...ids(low),
    ]);
  });

  it('takes the names that an older client uses', async () => {
    const [job] = await jobsOf({ materialAssignments: { '0': [{ materialType: 'PLA' }] } });
    expect(valueAt(job, 'materialAssignments')).toEqual({ '0': [{ materialType: 'PLA' }] });
  });
});

describe('a build that cannot be', () => {
  it.each<[string, number, string, () => object]>([
    ['nothing asked for', 400, 'validation_failed', () => ({})],
    ['empty lists', 400, 'validation_failed', () => ({ parts: [], skus: [] })],
    ['a part that is not there', 404, 'not_found', () => ({ parts: [{ partId: 'a'.repeat(24) }] })],
    ['an id that is none', 400, 'validation_failed', () => ({ parts: [{ partId: 'x' }] })],
    ['too many copies', 400, 'validation_failed', () => ({ parts: [{ partId, quantity: 501 }] })],
    ['half a copy', 400, 'validation_failed', () => ({ parts: [{ partId, quantity: 1.5 }] })],
    ['another priority', 400, 'validation_failed', () => ({ parts: [{ partId, priority: 5 }] })],
    ['an unknown plate', 422, 'unprocessable', () => ({ parts: [{ partId, plateQuantities: { Top: 1 } }] })],
    [
      'negative plates',
      400,
      'validation_failed',
      () => ({ parts: [{ partId, plateQuantities: { '1': -1 } }] }),
    ],
    ['parameters', 422, 'unprocessable', () => ({ parts: [{ partId, parameters: { width: 5 } }] })],
    ['an unknown SKU', 422, 'sku_not_found', () => ({ skus: [{ sku: 'X' }] })],
    [
      'more jobs than one request may make',
      422,
      'unprocessable',
      () => ({ parts: Array.from({ length: 11 }, () => ({ partId, quantity: 500 })) }),
    ],
    [
      'more jobs of one line',
      422,
      'unprocessable',
      () => ({ parts: [{ partId, quantity: 500, plateQuantities: { '1': 500 } }] }),
    ],
  ])('is refused whole: %s', async (_what, status, code, body) => {
    const before = (await pending()).length;
    const answer = await farm.api('POST', '/v2/builds', body());
    expect(answer.body).toMatchObject({ statusCode: status, code });
    const preview = await farm.api('POST', '/v2/builds/preview', body());
    expect(preview.body).toMatchObject({ statusCode: status, code });
    expect(await pending()).toHaveLength(before);
  });

  it('makes nothing of its first lines when the last is wrong', async () => {
    const before = (await pending()).length;
    const answer = await build({ partId }, { partId: 'b'.repeat(24) });
    expect(answer.status).toBe(404);
    expect(await pending()).toHaveLength(before);
  });

  it('is refused for files that nothing prints', async () => {
    const fileUris = [await farm.upload('model.stl', Buffer.from('solid'))];
    const part = await farm.ok('POST', '/v1/parts', { name: 'Model', type: 'stl', fileUris });
    const answer = await build({ partId: textAt(part, 'id') });
    expect(answer.body).toMatchObject({ statusCode: 422, code: 'unsupported_file' });
  });
});

describe('a preview', () => {
  it('says what a build would make, and makes nothing', async () => {
    const before = (await pending()).length;
    const preview = await farm.ok('POST', '/v2/builds/preview', {
      parts: [{ partId, quantity: 2, label: 'Two' }],
    });
    expect(preview).toMatchObject({
      partBuilds: [
        {
          source: 'part',
          partName: 'Frame',
          label: 'Two',
          quantity: 2,
          sku: null,
          plateQuantities: { '1': 1, '2': 1 },
        },
      ],
      summary: { partBuildCount: 1, skuBuildCount: 0, jobCount: 4 },
    });
    expect(listAt(preview, 'partBuilds', 0, 'jobs').map((job) => valueAt(job, 'plateName'))).toEqual([
      'Left',
      'Right',
      'Left',
      'Right',
    ]);
    expect(await pending()).toHaveLength(before);
  });
});
