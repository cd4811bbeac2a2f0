import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cube } from '../../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';
import { type RawAnswer, send } from './raw-request.js';

/** A Go program that tags printers by what they hold and shows the queue. It decodes into fixed types. */

const MATERIAL = { tags: [], filamentUserProfileId: null, filamentSystemProfileId: null };

let farm: TestFarm;
let key: string;
let partId: string;
let jobs: string[];

beforeAll(async () => {
  farm = await testFarm();
  // A bed that is not clear keeps the jobs in the queue.
  await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: false, ids: [farm.printerId()] });
  const permissions = [
    'printer.view',
    'printer.edit',
    'material.view',
    'queue.view',
    'part.view',
    'queue.manage',
    'queue.override',
  ];
  key = textAt(await farm.ok('POST', '/v1/api-keys', { name: 'buddy', permissions }), 'key');
  const plain = { name: 'Plain', brand: 'Maker', type: 'PLA', starred: false };
  const materialId = textAt(await farm.ok('POST', '/v1/materials', { ...plain, ...MATERIAL }), 'id');
  const variant = { name: 'Red', color: '#FF0000FF', materialId, pricePer1000g: null, pressureAdvance: null };
  const variantId = textAt(
    await farm.ok('POST', '/v1/materials/variants', { ...variant, ...MATERIAL }),
    'id',
  );
  const fileUris = [await farm.upload('buddy.gcode.3mf', await cube())];
  const assignedMaterials = { 0: [{ variantId }, { materialType: 'PLA' }] };
  const part = { name: 'Part', type: 'gcode3mf', description: '', fileUris, assignedMaterials };
  partId = textAt(await farm.ok('POST', '/v1/parts', part), 'id');
  const build = { parts: [{ partId, quantity: 3, tags: { 'user.tags': 'fast' } }] };
  await farm.ok('POST', '/v2/builds', build);
  jobs = listAt(await farm.ok('GET', '/v1/print-jobs')).map((job) => textAt(job, 'id'));
});
afterAll(() => farm.stop());

function call(method: string, path: string, body?: object): Promise<RawAnswer> {
  const headers = {
    'User-Agent': 'Go-http-client/1.1',
    Authorization: `ApiKey ${key}`,
    'X-Printago-Storeid': farm.storeId,
    ...(body ? { 'Content-Type': 'application/json' } : {}),
    'Accept-Encoding': 'gzip',
  };
  return send({
    method,
    url: farm.url + path,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function list<T>(row: z.ZodType<T>, path: string): Promise<T[]> {
  const answer = await call('GET', path);
  expect(answer.status).toBe(200);
  return z.array(row).parse(answer.body);
}

/** What the program decodes as int: a fraction anywhere would lose the whole answer. */
const int = z.int();
const text = z.string();

describe('the tagger', () => {
  it('reads whole lists as arrays, without asking for a page', async () => {
    const printers = await list(z.object({ id: text, name: text, tags: z.array(text) }), '/v1/printers');
    expect(printers.map(({ id }) => id)).toEqual([farm.printerId()]);
    const slot = z.object({
      printerId: text,
      materialId: text.nullable(),
      variantId: text.nullable(),
      instanceId: text.nullable(),
      amsIndex: int,
      slotIndex: int,
    });
    expect(await list(slot, '/v1/printer-slots')).toHaveLength(5);
    expect(
      await list(z.object({ id: text, name: text, brand: text, type: text }), '/v1/materials'),
    ).toHaveLength(1);
    const variant = z.object({ id: text, materialId: text, name: text, color: text });
    expect(await list(variant, '/v1/materials/variants')).toHaveLength(1);
  });

  it('replaces the tags of a printer', async () => {
    const path = `/v1/printers/${farm.printerId()}`;
    expect((await call('PATCH', path, { tags: ['PLA', 'PLA Red'] })).status).toBe(200);
    expect((await call('PATCH', path, { tags: ['PLA'] })).body).toMatchObject({ tags: ['PLA'] });
  });
});

const job = z.object({
  id: text,
  partId: text,
  partName: text,
  label: text,
  status: z.literal('pending'),
  queueOrder: int,
  thumbnailUri: text,
  requiredPrinterTags: z.object({ 'user.tags': text.optional() }),
  priority: int,
  createdAt: z.iso.datetime(),
});

describe('the queue page', () => {
  const queue = () => list(job, '/v1/print-jobs?status=pending&limit=200&sort=queueOrder');

  it('shows what waits, in order, with pictures that load by themselves', async () => {
    const waiting = await queue();
    expect(waiting.map(({ id }) => id)).toEqual(jobs);
    expect(waiting[0]?.requiredPrinterTags).toEqual({ 'user.tags': 'fast' });
    const picture = await send({ method: 'GET', url: waiting[0]?.thumbnailUri ?? '' });
    expect(picture).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } });
  });

  it('says what filament a part may be printed with', async () => {
    const assignment = z.object({
      variantId: text.nullable(),
      materialId: text.nullable(),
      materialType: text.nullable(),
      index: int,
      priority: int,
    });
    const found = await list(assignment, `/v1/part-material-assignments?partId=${partId}`);
    expect(found).toMatchObject([{ index: 0, priority: 0 }, { materialType: 'PLA' }]);
  });

  it('moves a job to the front, and cancels it', async () => {
    const first = jobs.pop() ?? '';
    const front = await call('PATCH', '/v1/print-jobs/move-to-queue-front', { printJobIds: [first] });
    expect(front.status).toBe(200);
    expect((await queue()).map(({ id }) => id)).toEqual([first, ...jobs]);
    expect((await call('PATCH', '/v1/print-jobs/cancel', { printJobIds: [first] })).status).toBe(200);
    expect((await queue()).map(({ id }) => id)).toEqual(jobs);
  });
});
