import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm();
});
afterAll(() => farm.stop());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function newPart(name: string, bytes: Uint8Array): Promise<string> {
  const fileUris = [await farm.upload(name, bytes)];
  return textAt(await farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris }), 'id');
}

async function queue(partId: string): Promise<string> {
  const made = await farm.ok('POST', '/v2/builds', { parts: [{ partId }] });
  const build = await farm.ok('GET', `/v1/part-builds/${textAt(made, 'partBuilds', 0, 'id')}`);
  return textAt(build, 'printJobs', 0, 'id');
}

const setReady = (ready: boolean) =>
  farm.ok('PATCH', '/v1/printers/confirm-ready', { ready, ids: [farm.printerId()] });

const finished = (jobId: string) =>
  farm.until(`/v1/print-jobs/${jobId}`, (body) => valueAt(body, 'status') === 'completed');

/** SHA-256 of what a stored path holds. */
async function contentOf(path: string): Promise<string> {
  const made = await farm.ok('POST', '/v1/storage/signed-urls', { paths: [path] });
  const fetched = await fetch(textAt(made, 'signedUrls', 0));
  expect(fetched.status).toBe(200);
  return sha256(new Uint8Array(await fetched.arrayBuffer()));
}

const printed = () =>
  farm.emulator.log.entries.filter((entry) => entry.kind === 'print' && entry.event === 'begun').length;

describe('a queued job', () => {
  it('prints the file it was queued with, though the part got another of the same name', async () => {
    await setReady(false);
    const old = await cube({ plates: [{ seconds: 60 }] });
    const partId = await newPart('same.gcode.3mf', old);
    const jobId = await queue(partId);
    const fresh = await cube({ plates: [{ seconds: 120 }, {}] });
    const path = await farm.upload('same.gcode.3mf', fresh);
    const part = await farm.ok('PATCH', `/v1/parts/${partId}`, { fileUris: [path] });
    expect(valueAt(part, 'fileHashes')).toEqual([sha256(fresh)]);
    expect(await contentOf(textAt(part, 'fileUris', 0))).toBe(sha256(fresh));
    const job = await farm.ok('GET', `/v1/print-jobs/${jobId}`);
    expect(await contentOf(textAt(job, 'filesToPrint', 0))).toBe(sha256(old));
    const before = printed();
    await setReady(true);
    await finished(jobId);
    expect(printed()).toBe(before + 1);
  });

  it('prints though its part was deleted', async () => {
    await setReady(false);
    const partId = await newPart('deleted.gcode.3mf', await cube({ plates: [{ seconds: 60 }] }));
    const jobId = await queue(partId);
    await farm.ok('DELETE', `/v1/parts/${partId}`);
    expect(await farm.ok('GET', `/v1/print-jobs/${jobId}`)).toMatchObject({
      partId: null,
      status: 'pending',
    });
    const build = await farm.ok('GET', '/v1/part-builds?sort=createdAt:desc&limit=1');
    expect(valueAt(build, 0, 'partCopy', 'name')).toBe('deleted.gcode.3mf');
    await setReady(true);
    await finished(jobId);
  });

  it('is printed again only from the same file', async () => {
    await setReady(false);
    const partId = await newPart('again.gcode.3mf', await cube({ plates: [{ seconds: 61 }] }));
    const jobId = await queue(partId);
    await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [jobId] });
    const path = await farm.upload('again.gcode.3mf', await cube({ plates: [{ seconds: 62 }] }));
    await farm.ok('PATCH', `/v1/parts/${partId}`, { fileUris: [path] });
    const answer = await farm.api('PATCH', '/v1/print-jobs/retry', { printJobIds: [jobId] });
    expect(answer.body).toMatchObject({ statusCode: 422, code: 'unprocessable' });
  });
});

describe('a part', () => {
  it('keeps two files of one name apart', async () => {
    const [a, b] = [Buffer.from('solid a'), Buffer.from('solid b')];
    const paths = [await farm.upload('left/clip.stl', a), await farm.upload('right/clip.stl', b)];
    const part = await farm.ok('POST', '/v1/parts', { name: 'Clips', type: 'stl', fileUris: paths });
    expect(valueAt(part, 'fileHashes')).toEqual([sha256(a), sha256(b)]);
    const uris = listAt(part, 'fileUris').map(String);
    expect(new Set(uris).size).toBe(2);
    expect(await Promise.all(uris.map(contentOf))).toEqual([sha256(a), sha256(b)]);
    const swapped = await farm.ok('PATCH', `/v1/parts/${textAt(part, 'id')}`, {
      fileUris: [await farm.upload('clip.stl', Buffer.from('solid c')), uris[0]],
    });
    expect(valueAt(swapped, 'fileHashes')).toEqual([sha256(Buffer.from('solid c')), sha256(a)]);
    expect(await contentOf(textAt(swapped, 'fileUris', 1))).toBe(sha256(a));
  });

  it('is what its file is, whatever it is said to be', async () => {
    const partId = await newPart('type.gcode.3mf', await cube());
    const uploadedAt = valueAt(await farm.ok('GET', `/v1/parts/${partId}`), 'uploadedAt');
    const changed = await farm.ok('PATCH', `/v1/parts/${partId}`, { type: '3mf' });
    expect(changed).toMatchObject({ type: 'gcode3mf', uploadedAt });
    const many = await farm.ok('PATCH', '/v1/parts', { ids: [partId, partId], update: { type: '3mf' } });
    expect(many).toMatchObject([{ type: 'gcode3mf' }]);
    const wrong = await farm.upload('plain.3mf', Buffer.from('no zip'));
    const refused = await farm.api('PATCH', `/v1/parts/${partId}`, { fileUris: [wrong] });
    expect(refused.body).toMatchObject({ statusCode: 422, code: 'unsupported_file' });
    expect(valueAt(await farm.ok('GET', `/v1/parts/${partId}`), 'type')).toBe('gcode3mf');
  });

  it('may be made twice of one upload', async () => {
    const bytes = await cube();
    const path = await farm.upload('twice.gcode.3mf', bytes);
    const [first, second] = await Promise.all(
      ['A', 'B'].map((name) => farm.ok('POST', '/v1/parts', { name, type: 'gcode3mf', fileUris: [path] })),
    );
    expect(valueAt(first, 'fileUris', 0)).not.toBe(valueAt(second, 'fileUris', 0));
    await farm.ok('DELETE', `/v1/parts/${textAt(first, 'id')}`);
    expect(await contentOf(textAt(second, 'fileUris', 0))).toBe(sha256(bytes));
  });

  it('takes no path that no upload answered, and copies what belongs to another part', async () => {
    const other = await farm.ok('GET', `/v1/parts/${await newPart('mine.gcode.3mf', await cube())}`);
    for (const uri of [
      'uploads:nobody/x/y.stl',
      `${farm.storeId}/parts/x/y.stl`,
      '../../etc/passwd',
      '\ud800',
    ]) {
      const answer = await farm.api('POST', '/v1/parts', { name: 'X', type: 'stl', fileUris: [uri] });
      expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
      expect((await farm.api('POST', '/v1/storage/signed-urls', { paths: [uri] })).status).toBe(404);
    }
    const copied = await farm.ok('POST', '/v1/parts', {
      name: 'Copy',
      type: 'gcode3mf',
      fileUris: listAt(other, 'fileUris'),
    });
    expect(valueAt(copied, 'fileUris', 0)).toContain(textAt(copied, 'id'));
  });
});
