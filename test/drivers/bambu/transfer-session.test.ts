import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { passivePort } from '../../../drivers/bambu/passive-port.js';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
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
  options: { greeting?: string; timing?: object; newestTls?: 'TLSv1.3' } = {},
): Promise<{ server: ScriptedFtps; target: PrinterTarget; transfer: BambuFileTransfer }> {
  server = new ScriptedFtps('127.44.6.1', script, options.greeting);
  server.newestTls = options.newestTls ?? 'TLSv1.2';
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

describe('a printer that offers TLS 1.3', () => {
  it('pain-02, fault-27: is spoken to in TLS 1.2, on both channels', async () => {
    const { server, target, transfer } = await scripted(() => null, { newestTls: 'TLSv1.3' });
    await transfer.upload(target, await localFile());
    expect(server.files.get('/a.gcode.3mf')?.toString()).toBe('G28\n');
    expect(server.spoken).toEqual(['TLSv1.2', 'TLSv1.2']);
  });
});

describe('the card', () => {
  it('pain-33, fault-24: is asked for room first, where the printer tells, and nothing is sent without', async () => {
    const { server, target, transfer } = await scripted((verb) => (verb === 'AVBL' ? '213 3' : null));
    const upload = transfer.upload(target, await localFile());
    await expect(upload).rejects.toEqual(failure('storage-full'));
    await expect(upload).rejects.toThrow(/needs 0\.0 MB.* 0\.0 MB free.*delete files on the printer/);
    expect(server.commands.filter((command) => command.startsWith('STOR'))).toEqual([]);
  });

  it.each([
    ['213 4', 'enough'],
    ['500 what?', 'not known'],
    ['550 no', 'refused'],
    ['213 plenty', 'no number'],
  ])('is trusted to have room when AVBL answers %j (%s)', async (answer) => {
    const { server, target, transfer } = await scripted((verb) => (verb === 'AVBL' ? answer : null));
    await transfer.upload(target, await localFile());
    expect(server.files.has('/a.gcode.3mf')).toBe(true);
  });

  it('is not asked again where the question is the end of the connection', async () => {
    const { server, target, transfer } = await scripted((verb) => (verb === 'AVBL' ? '' : null), {
      timing: { replyMs: 400 },
    });
    await expect(transfer.upload(target, await localFile())).rejects.toEqual(failure('unreachable'));
    await transfer.upload(target, await localFile());
    expect(server.commands.filter((command) => command === 'AVBL')).toHaveLength(1);
  });

  it('fault-24: is named full when a refusal says less and AVBL more', async () => {
    const answers = ['213 1000', '213 2'];
    const { target, transfer } = await scripted((verb) =>
      verb === 'AVBL' ? (answers.shift() ?? null) : verb === 'STOR' ? '553 cannot create' : null,
    );
    await expect(transfer.upload(target, await localFile())).rejects.toEqual(failure('storage-full', '553'));
  });

  it('pain-04, pain-33: that takes less than was sent, and confirms it, has the sum of its files told', async () => {
    const sizes = ['550 none', '213 2'];
    const { server, target, transfer } = await scripted(
      (verb) => (verb === 'AVBL' ? '502 what?' : verb === 'SIZE' ? (sizes.shift() ?? '213 2') : null),
      { timing: { sizeSettleMs: 30, sizeIntervalMs: 5 } },
    );
    server.listing = [
      '-rw-r--r--    1 0        0        30000000 Jan 01 10:00 old.gcode.3mf',
      '-rw-r--r--    1 0        0         1500000 Jan 01 10:00 older.gcode.3mf\r\n',
    ].join('\r\n');
    const upload = transfer.upload(target, await localFile());
    await expect(upload).rejects.toEqual(failure('storage'));
    await expect(upload).rejects.toThrow(/holds 2 of its 4 bytes.*files on it take 31\.5 MB/);
    expect(server.commands.at(-1)).toBe('DELE /a.gcode.3mf');
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
