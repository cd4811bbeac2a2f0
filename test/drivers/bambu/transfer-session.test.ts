import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { passivePort } from '../../../drivers/bambu/transfer-session.js';
import type { PrinterTarget } from '../../../drivers/driver.js';
import { type Script, ScriptedFtps } from './scripted-ftps.js';
import { QUICK } from './transfer-rig.js';

const { signal } = new AbortController();
let server: ScriptedFtps | null = null;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printfarmd-transfer-'));
});
afterEach(() => server?.stop());
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A printer that answers by this script, and a transfer that talks to it. */
async function scripted(
  script: Script,
  options: { greeting?: string; timing?: object } = {},
): Promise<{ server: ScriptedFtps; target: PrinterTarget; transfer: BambuFileTransfer }> {
  server = new ScriptedFtps('127.44.6.1', script, options.greeting);
  const target = await server.start();
  return { server, target, transfer: new BambuFileTransfer({ timing: { ...QUICK, ...options.timing } }) };
}

async function localFile() {
  const localPath = join(folder, 'local');
  await writeFile(localPath, 'G28\n');
  return { localPath, sizeBytes: 4, remoteName: 'a.gcode.3mf', signal };
}

const failure = (kind: string, code: string | null = null) =>
  expect.objectContaining({ name: 'DriverError', kind, code });

describe('the data channel', () => {
  it('goes on when its TLS was done before the first reply was read', async () => {
    const { server, target, transfer } = await scripted(() => null);
    server.tlsBeforeReply = true;
    await transfer.upload(target, await localFile());
    expect(server.files.get('/a.gcode.3mf')?.toString()).toBe('G28\n');
  });
});

describe('logging in', () => {
  it('follows the order that printers expect', async () => {
    const { server, target, transfer } = await scripted(() => null);
    await transfer.remove(target, 'a.gcode.3mf', signal);
    expect(server.commands.slice(0, 6)).toEqual([
      'USER bblp',
      'PASS',
      'PBSZ 0',
      'PROT P',
      'TYPE I',
      'DELE /a.gcode.3mf',
    ]);
  });

  it('ends with a goodbye and keeps the access code out of the log', async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string) => lines.push(JSON.stringify({ ...fields, message }));
    const { server, target } = await scripted(() => null);
    const log = { debug: write, info: write, warn: write, error: write };
    const transfer = new BambuFileTransfer({ timing: QUICK, log });
    await transfer.upload(target, await localFile());
    expect(server.commands.at(-1)).toBe('QUIT');
    expect(lines.join()).toMatch(/"resumed":true/);
    expect(lines.join()).not.toContain(target.accessCode);
  });

  it('waits through a 120 and meets a 421', async () => {
    const late = await scripted(() => null, { greeting: '120 wait\r\n220 now' });
    expect(await late.transfer.remoteSize(late.target, 'a', signal)).toBeNull();
    await late.server.stop();
    const full = await scripted(() => null, { greeting: '421 too many' });
    await expect(full.transfer.remoteSize(full.target, 'a', signal)).rejects.toEqual(failure('busy', '421'));
    expect(full.server.commands).not.toContain('USER bblp');
  });

  it('gives up on a printer that says nothing', async () => {
    const { target, transfer } = await scripted((verb) => (verb === 'PASS' ? '' : null), {
      timing: { replyMs: 150 },
    });
    await expect(transfer.remoteSize(target, 'a', signal)).rejects.toThrow(
      /Logging in: no answer .* in 0\.15 s/,
    );
  });
});

describe('sizes', () => {
  it('come from the listing where SIZE is not known', async () => {
    const { server, target, transfer } = await scripted((verb) => (verb === 'SIZE' ? '502 what?' : null));
    server.listing = '-rw-r--r--    1 0        0            4321 Jan 01 10:00 part.gcode.3mf\r\n';
    expect(await transfer.remoteSize(target, 'part.gcode.3mf', signal)).toBe(4321);
    expect(await transfer.remoteSize(target, 'other.gcode.3mf', signal)).toBeNull();
  });

  it('that nobody can answer are an error and not a missing file', async () => {
    const { target, transfer } = await scripted((verb) => (verb === 'SIZE' ? '450 card busy' : null));
    await expect(transfer.remoteSize(target, 'a', signal)).rejects.toEqual(failure('storage', '450'));
  });
});

describe('answers that are no protocol', () => {
  it('do not hang or crash', async () => {
    const { target, transfer } = await scripted((verb) => (verb === 'DELE' ? '350 and now?' : null));
    await expect(transfer.remove(target, 'a', signal)).rejects.toThrow(/asks for more: 350/);
    await server?.stop();
    const strange = await scripted((verb) => (verb === 'DELE' ? `599 \u001b[31m${'x'.repeat(500)}` : null));
    const removal = strange.transfer.remove(strange.target, 'a', signal);
    await expect(removal).rejects.toEqual(failure('protocol', '599'));
    // Escape sequences of a printer do not reach anybody's terminal.
    await expect(removal).rejects.toThrow(/^[\x20-\x7e]{1,300}$/);
  });

  it('of PASV without a port end the upload', () => {
    expect(passivePort('227 Entering Passive Mode (0,0,0,0,15,200).')).toBe(15 * 256 + 200);
    expect(passivePort('227 =10,0,0,1,0,21')).toBe(21);
    for (const reply of ['227 ok', '227 (1,2,3,4,5)', '227 (0,0,0,0,0,0)', '227 (0,0,0,0,999,999)']) {
      expect(passivePort(reply)).toBeNull();
    }
  });
});
