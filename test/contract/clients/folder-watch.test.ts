import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cube } from '../../fixtures/cube.js';
import { type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';
import { type RawAnswer, send } from './raw-request.js';

/** A .NET program that keeps a folder of files and the farm's parts alike. What it does not find, it sends again. */

let farm: TestFarm;

beforeAll(async () => {
  farm = await testFarm({ adopt: false });
});
afterAll(() => farm.stop());

function call(method: string, path: string, body?: unknown): Promise<RawAnswer> {
  const headers = {
    authorization: `ApiKey ${farm.key}`,
    'x-printago-storeid': farm.storeId,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return send({ method, url: farm.url + path, headers, ...sent });
}

const text = z.string();
const folders = z.array(z.object({ id: text, name: text, parentId: text.nullable() }));
const parts = z.array(
  z.object({
    id: text,
    name: text,
    type: text,
    folderId: text.nullable(),
    fileHashes: z.array(text),
    updatedAt: z.iso.datetime(),
  }),
);

const allFolders = async () => folders.parse((await call('GET', '/v1/folders?limit=10000')).body);
const allParts = async () => parts.parse((await call('GET', '/v1/parts?limit=10000')).body);

async function upload(relativePath: string, bytes: Buffer): Promise<string> {
  const asked = await call('POST', '/v1/storage/signed-upload-urls', { filenames: [relativePath] });
  expect(asked.status).toBe(201);
  const url = textAt(asked.body, 'signedUrls', 0, 'uploadUrl');
  expect((await send({ method: 'PUT', url, body: bytes })).status).toBe(200);
  return textAt(asked.body, 'signedUrls', 0, 'path');
}

const newPart = (name: string, path: string, folderId: string | null) => ({
  name,
  type: 'gcode3mf',
  description: '',
  fileUris: [path],
  parameters: [],
  printTags: {},
  overriddenProcessProfileId: null,
  folderId,
});

describe('the folder watcher', () => {
  it('is told at its first start that it may come in, and that the farm is empty', async () => {
    expect((await call('GET', '/v1/web-init')).status).toBe(200);
    expect(await allFolders()).toEqual([]);
    expect(await allParts()).toEqual([]);
  });

  it('makes its folders by path, sends files below them, and finds them again by their hashes', async () => {
    const root = await call('POST', '/v1/folders', {
      name: 'Local Folder Sync',
      type: 'part',
      parentId: null,
    });
    const rootId = textAt(root.body, 'id');
    const inner = await call('POST', '/v1/folders', { name: 'Desk toys', type: 'part', parentId: rootId });
    const folderId = textAt(inner.body, 'id');
    const bytes = await cube();
    const path = await upload('Desk toys/my first part.gcode.3mf', bytes);
    const made = await call('POST', '/v1/parts', newPart('my first part.gcode', path, folderId));
    expect(made.status).toBe(201);
    const id = textAt(made.body, 'id');
    expect(await allFolders()).toMatchObject([
      { id: rootId, parentId: null },
      { id: folderId, parentId: rootId },
    ]);
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect(await allParts()).toMatchObject([
      { id, name: 'my first part.gcode', folderId, fileHashes: [hash] },
    ]);
  });

  it('changes files, names and places of parts', async () => {
    const [part] = await allParts();
    const [root, inner] = await allFolders();
    const path = `/v1/parts/${part?.id}`;
    const bytes = await cube({ plates: [{ seconds: 60 }] });
    const fileUris = [await upload('Desk toys/my first part.gcode.3mf', bytes)];
    expect((await call('PATCH', path, { fileUris })).status).toBe(200);
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect((await allParts())[0]?.fileHashes).toEqual([hash]);
    expect((await call('PATCH', path, { folderId: root?.id })).status).toBe(200);
    expect((await call('PATCH', path, { name: 'renamed', folderId: inner?.id })).status).toBe(200);
    expect(await allParts()).toMatchObject([{ name: 'renamed', folderId: inner?.id, fileHashes: [hash] }]);
    const again = [await upload('Desk toys/renamed.gcode.3mf', bytes)];
    const all = { fileUris: again, name: 'renamed', folderId: null };
    expect((await call('PATCH', path, all)).status).toBe(200);
    expect(await allParts()).toMatchObject([{ folderId: null, fileHashes: [hash] }]);
  });

  it('deletes parts, and folders with a body in a DELETE', async () => {
    const [part] = await allParts();
    expect((await call('DELETE', `/v1/parts/${part?.id}`)).status).toBe(200);
    const folderIds = (await allFolders()).map(({ id }) => id);
    expect((await call('DELETE', '/v1/folders/delete', { folderIds, type: 'part' })).status).toBe(200);
    expect([await allFolders(), await allParts()]).toEqual([[], []]);
  });

  it('gets everything there is in one answer', async () => {
    for (let at = 0; at < 120; at += 1)
      await farm.ok('POST', '/v1/folders', { name: `Folder ${at}`, type: 'part', parentId: null });
    expect(await allFolders()).toHaveLength(120);
  });
});
