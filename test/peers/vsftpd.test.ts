import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BambuFileTransfer } from '../../drivers/bambu/transfer.js';
import { Vsftpd } from './vsftpd.js';

const BYTES = 20_000_000;
const { signal } = new AbortController();

let server: Vsftpd;
let transfer: BambuFileTransfer;
let folder: string;
let localPath: string;
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
  server = await Vsftpd.start('127.88.2.1');
  transfer = new BambuFileTransfer();
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-peer-'));
  localPath = join(folder, 'local');
  await writeFile(localPath, randomBytes(BYTES));
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await transfer?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const request = (remoteName: string) => ({ localPath, sizeBytes: BYTES, remoteName, signal });

describe("Debian's vsftpd with implicit TLS and forced session reuse", () => {
  it('pain-01, pain-02: takes a file whole, through a data channel that resumes the session', async () => {
    const result = await transfer.upload(server.target, request('whole.gcode.3mf'));
    expect(result).toMatchObject({ remoteBytes: BYTES, skipped: false, warning: null });
    expect(sha(await readFile(server.path('whole.gcode.3mf')))).toBe(sha(await readFile(localPath)));
    const log = await server.log();
    // Its own account of the two handshakes.
    expect(log).toMatch(/SSL version: TLSv1\.2, SSL cipher: \S+, not reused/);
    expect(log).toMatch(/SSL version: TLSv1\.2, SSL cipher: \S+, reused/);
    expect(log).toMatch(/OK UPLOAD.*whole\.gcode\.3mf/);
    expect(log).not.toMatch(/522/);
  });

  it('is not sent what it has, tells sizes, and deletes', async () => {
    await transfer.upload(server.target, request('again.gcode.3mf'));
    expect(await transfer.upload(server.target, request('again.gcode.3mf'))).toMatchObject({ skipped: true });
    expect(await transfer.remoteSize(server.target, 'again.gcode.3mf', signal)).toBe(BYTES);
    await transfer.remove(server.target, 'again.gcode.3mf', signal);
    await expect(stat(server.path('again.gcode.3mf'))).rejects.toThrow(/ENOENT/);
    expect(await transfer.remoteSize(server.target, 'again.gcode.3mf', signal)).toBeNull();
  });

  it('pain-07: has no part of an upload that was called off', async () => {
    const abort = new AbortController();
    const upload = transfer.upload(server.target, {
      ...request('part.gcode.3mf'),
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(upload).rejects.toMatchObject({ kind: 'aborted' });
    await expect(stat(server.path('part.gcode.3mf'))).rejects.toThrow(/ENOENT/);
  });

  it('pain-01: refuses a data channel with a session of its own', async () => {
    // What the driver resumes from: without it this server shows that it means what it demands.
    vi.spyOn(TLSSocket.prototype, 'getSession').mockReturnValue(undefined);
    const upload = transfer.upload(server.target, request('refused.gcode.3mf'));
    await expect(upload).rejects.toMatchObject({ kind: 'protocol', code: '522' });
    expect(await server.log()).toMatch(/522 SSL connection failed.*session reuse required/);
  });

  it('says that a wrong access code is wrong', async () => {
    const wrong = { ...server.target, accessCode: '00000000' };
    await expect(transfer.remoteSize(wrong, 'a.gcode.3mf', signal)).rejects.toMatchObject({
      kind: 'auth',
      code: '530',
    });
  });
});
