import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let file: Buffer;
beforeAll(async () => {
  file = await cube({ plates: [{ name: 'Left' }, { name: 'Right' }] });
  farm = await testFarm({ config: { storage: { maxFileBytes: 200_000 } } });
});
afterAll(() => farm.stop());

async function address(name: string): Promise<{ path: string; uploadUrl: string }> {
  const made = await farm.ok('POST', '/v1/storage/signed-upload-urls', { filenames: [name] });
  return {
    path: textAt(made, 'signedUrls', 0, 'path'),
    uploadUrl: textAt(made, 'signedUrls', 0, 'uploadUrl'),
  };
}

const put = (url: string, body: Uint8Array) => fetch(url, { method: 'PUT', body: body.slice() });

function newPart(path: string) {
  return farm.ok('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris: [path] });
}

describe('uploads', () => {
  it.each([
    'plain.gcode.3mf',
    'sub folder/with blanks.gcode.3mf',
    'a+b & c.gcode.3mf',
    'Größe ü.gcode.3mf',
    'win\\x.gcode.3mf',
  ])('takes %s and keeps its name', async (name) => {
    const path = await farm.upload(name, file);
    const part = await newPart(path);
    const last = name.split(/[/\\]/).at(-1) ?? '';
    expect(decodeURIComponent(textAt(part, 'fileUris', 0))).toMatch(
      new RegExp(`${last.replaceAll(/[+.]/g, '\\$&')}$`),
    );
    expect(valueAt(part, 'fileHashes', 0)).toBe(createHash('sha256').update(file).digest('hex'));
  });

  it('refuses names that step upwards', async () => {
    const answer = await farm.api('POST', '/v1/storage/signed-upload-urls', {
      filenames: ['../../etc/passwd'],
    });
    expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
  });

  it('takes an address once, and only one that was given out', async () => {
    const { uploadUrl } = await address('once.gcode.3mf');
    expect((await put(uploadUrl, file)).status).toBe(200);
    expect((await put(uploadUrl, file)).status).toBe(409);
    const forged = await put(uploadUrl.replace(/token=.{4}/, 'token=0000'), file);
    expect(forged.status).toBe(403);
  });

  it('answers 413 above the limit and leaves nothing on the disk', async () => {
    const { path, uploadUrl } = await address('big.gcode.3mf');
    expect((await put(uploadUrl, Buffer.alloc(200_001))).status).toBe(413);
    expect(readdirSync(join(farm.dataDir, 'files', 'tmp'))).toEqual([]);
    const part = await farm.api('POST', '/v1/parts', { name: 'Part', type: 'stl', fileUris: [path] });
    expect(part.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
  });

  it('refuses a file that is not what it says, with what is wrong', async () => {
    const path = await farm.upload('broken.gcode.3mf', file.subarray(0, file.length - 300));
    const answer = await farm.api('POST', '/v1/parts', { name: 'Part', type: 'gcode3mf', fileUris: [path] });
    expect(answer.body).toMatchObject({ statusCode: 422, code: 'unsupported_file' });
  });
});

describe('a part', () => {
  it('says what its file holds, with pictures that load without headers', async () => {
    const part = await newPart(await farm.upload('two.gcode.3mf', file));
    expect(listAt(part, 'metadata', 'plates').map((plate) => valueAt(plate, 'name'))).toEqual([
      'Left',
      'Right',
    ]);
    const picture = await fetch(textAt(part, 'thumbnailUri'));
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('is a gcode3mf whatever it was sent as', async () => {
    const path = await farm.upload('x.3mf', file);
    const part = await farm.ok('POST', '/v1/parts', { name: 'Part', type: '3mf', fileUris: [path] });
    expect(valueAt(part, 'type')).toBe('gcode3mf');
  });

  it('gets new files by PATCH and keeps what it is', async () => {
    const part = await newPart(await farm.upload('old.gcode.3mf', file));
    const other = await cube({ plates: [{ name: 'Only' }] });
    const path = await farm.upload('new.gcode.3mf', other);
    const changed = await farm.ok('PATCH', `/v1/parts/${textAt(part, 'id')}`, {
      fileUris: [path],
      name: 'Renamed',
    });
    expect(valueAt(changed, 'fileHashes', 0)).toBe(createHash('sha256').update(other).digest('hex'));
    expect(changed).toMatchObject({ id: textAt(part, 'id'), name: 'Renamed' });
    const same = await farm.ok('PATCH', `/v1/parts/${textAt(part, 'id')}`, {
      fileUris: [decodeURIComponent(textAt(changed, 'fileUris', 0))],
    });
    expect(valueAt(same, 'fileUris')).toEqual(valueAt(changed, 'fileUris'));
  });

  it('chooses plates by id or name, and names those it has', async () => {
    const partId = textAt(await newPart(await farm.upload('plates.gcode.3mf', file)), 'id');
    const preview = (plateQuantities: object) =>
      farm.api('POST', '/v2/builds/preview', { parts: [{ partId, quantity: 2, plateQuantities }] });
    expect((await preview({ Right: 2, '1': 1 })).body).toMatchObject({ summary: { jobCount: 6 } });
    expect((await preview({ '1': 0, '2': 1 })).body).toMatchObject({ summary: { jobCount: 2 } });
    const unknown = await preview({ Middle: 1 });
    expect(unknown.body).toMatchObject({ statusCode: 422, code: 'unprocessable' });
    expect(textAt(unknown.body, 'message')).toContain('Left');
  });
});

describe('downloads', () => {
  it('give the whole, a part, or only the facts', async () => {
    const part = await newPart(await farm.upload('get me.gcode.3mf', file));
    const paths = [textAt(part, 'fileUris', 0)];
    const made = await farm.ok('POST', '/v1/storage/signed-urls', { paths });
    const url = textAt(made, 'signedUrls', 0);
    const whole = await fetch(url);
    expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true);
    expect(whole.headers.get('content-disposition')).toContain('get me.gcode.3mf');
    const range = await fetch(url, { headers: { range: 'bytes=2-5' } });
    expect(range.status).toBe(206);
    expect(range.headers.get('content-range')).toBe(`bytes 2-5/${file.length}`);
    expect(Buffer.from(await range.arrayBuffer()).equals(file.subarray(2, 6))).toBe(true);
    expect((await fetch(url, { headers: { range: `bytes=${file.length}-` } })).status).toBe(416);
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(file.length));
    const missing = await farm.api('POST', '/v1/storage/signed-urls', { paths: ['nowhere/parts/x/y'] });
    expect(missing.status).toBe(404);
  });
});
