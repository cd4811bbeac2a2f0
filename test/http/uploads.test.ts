import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FileUrls } from '../../src/operations/file-urls.js';
import { type TestFarm, testFarm, textAt } from '../fixtures/farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ adopt: false, config: { storage: { maxFileBytes: 400_000 } } });
});
afterAll(() => farm.stop());

const BYTES = randomBytes(300_000);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

async function address(name = 'model.stl'): Promise<{ path: string; uploadUrl: string }> {
  const made = await farm.ok('POST', '/v1/storage/signed-upload-urls', { filenames: [name] });
  return {
    path: textAt(made, 'signedUrls', 0, 'path'),
    uploadUrl: textAt(made, 'signedUrls', 0, 'uploadUrl'),
  };
}

function put(url: string, headers: Readonly<Record<string, string>> = {}): ClientRequest {
  return request(url, { method: 'PUT', headers });
}

async function answerOf(sending: ClientRequest): Promise<{ status: number; text: string }> {
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** The path is a whole file now. */
async function expectStored(path: string): Promise<void> {
  const made = await farm.ok('POST', '/v1/parts', { name: 'Sent', type: 'stl', fileUris: [path] });
  expect(textAt(made, 'fileHashes', 0)).toBe(SHA256);
}

async function expectNothingStored(path: string): Promise<void> {
  await vi.waitFor(() => expect(readdirSync(join(farm.dataDir, 'files', 'tmp'))).toEqual([]));
  const answer = await farm.api('POST', '/v1/parts', { name: 'Sent', type: 'stl', fileUris: [path] });
  expect(answer.body).toMatchObject({ statusCode: 400, code: 'validation_failed' });
}

/** A connection on which every byte is ours. */
async function wire(url: string): Promise<{ socket: Socket; said: () => string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  return { socket, said: () => Buffer.concat(chunks).toString('latin1') };
}

function head(url: string, ...headers: readonly string[]): string {
  const { host, pathname, search } = new URL(url);
  return [`PUT ${pathname}${search} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n');
}

describe('an upload', () => {
  it.each([
    ['no Content-Type, as curl -T sends it', {}],
    ['octet-stream, as PowerShell sends it', { 'content-type': 'application/octet-stream' }],
    ['a JSON type that it is not', { 'content-type': 'application/json' }],
    ['a Content-Type that is none', { 'content-type': 'whatever' }],
    ['needless credentials', { authorization: 'ApiKey nonsense' }],
  ])('is taken with %s', async (_what, headers) => {
    const { path, uploadUrl } = await address();
    const sending = put(uploadUrl, { ...headers, 'content-length': String(BYTES.length) });
    sending.end(BYTES);
    expect(await answerOf(sending)).toEqual({ status: 200, text: '' });
    await expectStored(path);
  });

  it('is taken in chunks of unknown number', async () => {
    const { path, uploadUrl } = await address();
    const sending = put(uploadUrl, { 'transfer-encoding': 'chunked' });
    for (let at = 0; at < BYTES.length; at += 50_000) sending.write(BYTES.subarray(at, at + 50_000));
    sending.end();
    expect((await answerOf(sending)).status).toBe(200);
    await expectStored(path);
  });

  it('is asked for with 100 Continue', async () => {
    const { path, uploadUrl } = await address();
    const sending = put(uploadUrl, { expect: '100-continue', 'content-length': String(BYTES.length) });
    sending.flushHeaders();
    await once(sending, 'continue');
    sending.end(BYTES);
    expect((await answerOf(sending)).status).toBe(200);
    await expectStored(path);
  });

  it('is refused before a byte of it is asked for', async () => {
    const { uploadUrl } = await address();
    const forged = put(`${uploadUrl}x`, { expect: '100-continue', 'content-length': String(BYTES.length) });
    let asked = false;
    forged.on('continue', () => {
      asked = true;
    });
    forged.flushHeaders();
    expect((await answerOf(forged)).status).toBe(403);
    forged.destroy();
    expect(asked).toBe(false);
  });

  it('is an empty file when nothing is sent', async () => {
    const { path, uploadUrl } = await address();
    const sending = put(uploadUrl, { 'content-length': '0' });
    sending.end();
    expect((await answerOf(sending)).status).toBe(200);
    const made = await farm.ok('POST', '/v1/parts', { name: 'Empty', type: 'stl', fileUris: [path] });
    expect(textAt(made, 'fileHashes', 0)).toBe(createHash('sha256').digest('hex'));
  });

  it('leaves nothing behind when its connection is cut, and can be sent again', async () => {
    const { path, uploadUrl } = await address();
    const { socket } = await wire(uploadUrl);
    socket.write(head(uploadUrl, `Content-Length: ${BYTES.length}`));
    socket.write(BYTES.subarray(0, 100_000));
    await vi.waitFor(() => expect(readdirSync(join(farm.dataDir, 'files', 'tmp'))).toHaveLength(1));
    socket.destroy();
    await expectNothingStored(path);
    const again = put(uploadUrl, { 'content-length': String(BYTES.length) });
    again.end(BYTES);
    expect((await answerOf(again)).status).toBe(200);
    await expectStored(path);
  });

  it.each([
    ['announced', { 'content-length': '400001' }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('is refused above the limit and leaves nothing behind: %s', async (_how, headers) => {
    const { path, uploadUrl } = await address();
    const sending = put(uploadUrl, headers);
    sending.end(Buffer.alloc(400_001));
    const { status, text } = await answerOf(sending);
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ statusCode: 413, code: 'payload_too_large' });
    await expectNothingStored(path);
  });

  it('is taken by one of two that send at the same time', async () => {
    const { path, uploadUrl } = await address();
    const first = put(uploadUrl, { 'content-length': String(BYTES.length) });
    first.write(BYTES.subarray(0, 100_000));
    await vi.waitFor(() => expect(readdirSync(join(farm.dataDir, 'files', 'tmp'))).toHaveLength(1));
    const second = put(uploadUrl, { 'content-length': String(BYTES.length) });
    second.end(BYTES);
    expect((await answerOf(second)).status).toBe(409);
    first.end(BYTES.subarray(100_000));
    expect((await answerOf(first)).status).toBe(200);
    await expectStored(path);
  });

  it('may come from any web page', async () => {
    const { uploadUrl } = await address();
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' };
    const preflight = await fetch(uploadUrl, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
  });
});

describe('an address', () => {
  it('is for one method, one file and one time', async () => {
    const { path, uploadUrl } = await address();
    expect((await fetch(uploadUrl)).status).toBe(403);
    const other = await address();
    const token = new URL(other.uploadUrl).search;
    const swapped = put(uploadUrl.replace(/\?.*$/, token));
    swapped.end(BYTES);
    expect((await answerOf(swapped)).status).toBe(403);
    const urls = new FileUrls(await keyOfUrls(), () => farm.url);
    const late = put(urls.upload(farm.storeId, path, Date.now() - 1_000));
    late.end(BYTES);
    const answer = await answerOf(late);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('expired');
  });

  it.each([
    '/storage/',
    '/storage/x',
    '/storage/%00?token=a.b',
    '/storage/%zz?token=1',
    '/storage/../etc/passwd',
  ])('that nobody gave out opens nothing: %s', async (path) => {
    for (const method of ['GET', 'PUT', 'HEAD']) {
      const sending = request(`${farm.url}${path}`, { method, path });
      sending.end();
      expect([400, 403, 404]).toContain((await answerOf(sending)).status);
    }
  });
});

async function keyOfUrls(): Promise<Buffer> {
  const { urlKey } = await import('../../src/installation.js');
  return urlKey(farm.dataDir);
}
