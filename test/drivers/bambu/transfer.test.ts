import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import type { TransferTiming } from '../../../drivers/bambu/transfer-timing.js';
import type { DriverErrorKind } from '../../../drivers/driver.js';
import { QUICK, TransferRig } from './transfer-rig.js';

// What each printer is for: one that demands session reuse, one that names 0.0.0.0, one that may fall back, one late.
const X1C = 0;
const P1S = 1;
const A1 = 2;
const H2D = 3;

const rig = new TransferRig({
  speed: 100,
  printers: ['X1C', 'P1S', 'A1', 'H2D'].map((model, i) => ({
    model,
    host: `127.44.1.${i + 1}`,
    mqttPort: 0,
    ftpPort: 0,
  })),
});
let transfer: BambuFileTransfer;

beforeAll(() => rig.start());
afterAll(() => rig.stop());
beforeEach(() => {
  transfer = new BambuFileTransfer({ timing: QUICK });
});
afterEach(async () => {
  await transfer.close();
  for (const printer of rig.emulator.printers) printer.clearFaults();
});

const failure = (kind: DriverErrorKind, code: string | null = null) =>
  expect.objectContaining({ name: 'DriverError', kind, code });

const filesOf = (index: number) =>
  new Map(
    rig
      .printer(index)
      .files()
      .map((file) => [file.name, file.bytes]),
  );

function timed(timing: Partial<TransferTiming>): BambuFileTransfer {
  return new BambuFileTransfer({ timing: { ...QUICK, ...timing } });
}

describe('an upload', () => {
  it('arrives whole and is told on the way', async () => {
    const sent: number[] = [];
    const request = await rig.request(300_000, { onProgress: (bytes) => sent.push(bytes) });
    const result = await transfer.upload(rig.target(X1C), request);
    expect(result).toMatchObject({ remoteBytes: 300_000, skipped: false, warning: null });
    expect(filesOf(X1C).get(request.remoteName)).toBe(300_000);
    expect(sent.at(-1)).toBe(300_000);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  });

  it('pain-01, fact-13: resumes the TLS session where the printer demands it', async () => {
    const request = await rig.request(1000);
    await transfer.upload(rig.target(X1C), request);
    const stored = rig.ftp('stored').find((entry) => entry.path === `/${request.remoteName}`);
    expect(stored).toMatchObject({ bytes: 1000, reused: true });
  });

  it('fact-13: ignores the address that PASV names', async () => {
    const request = await rig.request(1000);
    await transfer.upload(rig.target(P1S), request);
    expect(filesOf(P1S).get(request.remoteName)).toBe(1000);
  });

  it('of an empty file works too', async () => {
    const request = await rig.request(0);
    expect(await transfer.upload(rig.target(X1C), request)).toMatchObject({ remoteBytes: 0 });
  });

  it('pain-07: is not repeated when the file is there with our size', async () => {
    const request = await rig.request(5000);
    await transfer.upload(rig.target(X1C), request);
    const before = rig.ftp('stor').length;
    expect(await transfer.upload(rig.target(X1C), request)).toMatchObject({
      skipped: true,
      remoteBytes: 5000,
    });
    expect(rig.ftp('stor')).toHaveLength(before);
    const always = new BambuFileTransfer({ timing: QUICK, skipExisting: false });
    expect(await always.upload(rig.target(X1C), request)).toMatchObject({ skipped: false });
    expect(rig.ftp('stor')).toHaveLength(before + 1);
  });

  it('fault-24: replaces a file of another size, also where overwriting is refused', async () => {
    const first = await rig.request(5000);
    await transfer.upload(rig.target(X1C), first);
    rig.printer(X1C).addFault('ftp.553', { onlyExisting: true });
    const second = await rig.request(6000, { remoteName: first.remoteName });
    expect(await transfer.upload(rig.target(X1C), second)).toMatchObject({
      remoteBytes: 6000,
      warning: null,
    });
  });

  it('fault-26: waits for a late confirmation', async () => {
    const request = await rig.request(1000);
    expect(await transfer.upload(rig.target(H2D), request)).toMatchObject({ warning: null });
  });

  it('does not believe a local file that is not as announced', async () => {
    const request = await rig.request(1000);
    await writeFile(request.localPath, 'changed');
    await expect(transfer.upload(rig.target(X1C), request)).rejects.toThrow(/has 7 bytes, not the 1000/);
    const missing = { ...request, localPath: `${request.localPath}-missing` };
    await expect(transfer.upload(rig.target(X1C), missing)).rejects.toEqual(failure('protocol'));
  });

  it.each(['../x', 'a/b', 'a b', '.hidden', '', 'a\r\nDELE /b', 'ü'])(
    'refuses the name %j',
    async (remoteName) => {
      const request = await rig.request(10, { remoteName });
      const logins = rig.ftp('login').length;
      await expect(transfer.upload(rig.target(X1C), request)).rejects.toEqual(failure('storage'));
      await expect(transfer.remove(rig.target(X1C), remoteName, request.signal)).rejects.toEqual(
        failure('storage'),
      );
      expect(rig.ftp('login')).toHaveLength(logins);
    },
  );
});

describe('sizes and deletions', () => {
  it('tell what is there, and a missing file is no error', async () => {
    const { signal } = new AbortController();
    const request = await rig.request(1234);
    await transfer.upload(rig.target(X1C), request);
    expect(await transfer.remoteSize(rig.target(X1C), request.remoteName, signal)).toBe(1234);
    await transfer.remove(rig.target(X1C), request.remoteName, signal);
    expect(await transfer.remoteSize(rig.target(X1C), request.remoteName, signal)).toBeNull();
    await transfer.remove(rig.target(X1C), request.remoteName, signal);
  });
});

describe('the size decides', () => {
  it('fact-13, pain-03, fault-25: after 426 with the whole file', async () => {
    rig.printer(X1C).addFault('ftp.426', { kind: 'complete' });
    const result = await transfer.upload(rig.target(X1C), await rig.request(200_000));
    expect(result.remoteBytes).toBe(200_000);
    expect(result.warning).toMatch(/arrived whole.*426/);
  });

  it('pain-03, fault-27: after 426 with half of it, which is removed', async () => {
    rig.printer(X1C).addFault('ftp.426', { kind: 'truncated' });
    const request = await rig.request(200_000);
    await expect(transfer.upload(rig.target(X1C), request)).rejects.toEqual(failure('unreachable', '426'));
    expect(filesOf(X1C).has(request.remoteName)).toBe(false);
  });

  it('fault-26: after no confirmation at all', async () => {
    rig.printer(A1).addFault('ftp.no226');
    const result = await timed({ finalReplyMs: 150 }).upload(rig.target(A1), await rig.request(200_000));
    expect(result.warning).toMatch(/no answer.*0\.1\d+ s/);
  });

  it('fault-26: after a confirmation that comes too late', async () => {
    rig.printer(X1C).addFault('ftp.late226', { seconds: 100_000 });
    const result = await timed({ finalReplyMs: 150 }).upload(rig.target(X1C), await rig.request(200_000));
    expect(result).toMatchObject({ remoteBytes: 200_000, skipped: false });
    expect(result.warning).not.toBeNull();
  });

  it('fault-27: after the printer cut both channels, and the rest is removed', async () => {
    rig.printer(X1C).addFault('ftp.dropAt', { bytes: 100_000 });
    const request = await rig.request(3_000_000);
    await expect(transfer.upload(rig.target(X1C), request)).rejects.toEqual(failure('unreachable'));
    expect(rig.ftp('dropped').at(-1)).toMatchObject({ bytes: 100_000 });
    expect(filesOf(X1C).has(request.remoteName)).toBe(false);
  });
});

describe('a printer that takes no data', () => {
  it('pain-07: is given up after the idle time, and what it took is removed', async () => {
    rig.printer(X1C).addFault('ftp.slow', { bytesPerSecond: 1 });
    const request = await rig.request(24_000_000);
    await expect(timed({ idleMs: 200 }).upload(rig.target(X1C), request)).rejects.toThrow(
      /took no data for 0\.2 s/,
    );
    expect(filesOf(X1C).has(request.remoteName)).toBe(false);
  });

  it('pain-07: is given up when the whole takes too long', async () => {
    rig.printer(X1C).addFault('ftp.slow', { bytesPerSecond: 2_000_000 });
    const slow = timed({ shortestDeadlineMs: 300, slowestBytesPerSecond: 1_000_000_000 });
    const request = await rig.request(24_000_000);
    await expect(slow.upload(rig.target(X1C), request)).rejects.toThrow(/more than 0\.3 s/);
    expect(filesOf(X1C).has(request.remoteName)).toBe(false);
  });

  it('fact-13: may take it in the clear, which is remembered', async () => {
    rig.printer(A1).addFault('ftp.stallProtP');
    const patient = timed({ connectMs: 400 });
    const first = await patient.upload(rig.target(A1), await rig.request(10_000));
    expect(first.warning).toMatch(/clear/);
    const second = await patient.upload(rig.target(A1), await rig.request(10_000));
    expect(second.warning).toBeNull();
    expect(rig.ftp('stored').at(-1)).toMatchObject({ reused: false });
  });

  it('fact-13: gets it encrypted again when it will not have it in the clear any more', async () => {
    rig.printer(A1).addFault('ftp.stallProtP');
    const patient = timed({ connectMs: 400 });
    await patient.upload(rig.target(A1), await rig.request(10_000));
    rig.printer(A1).clearFaults();
    rig.printer(A1).addFault('ftp.requireReuse');
    await patient.upload(rig.target(A1), await rig.request(10_000));
    expect(rig.ftp('stored').at(-1)).toMatchObject({ reused: true });
    // And it stays so.
    const refusals = rig.ftp('refused').length;
    await patient.upload(rig.target(A1), await rig.request(10_000));
    expect(rig.ftp('refused')).toHaveLength(refusals);
  });

  it('pain-07: has time to take what lies in the buffers before its confirmation is due', async () => {
    rig.printer(X1C).addFault('ftp.slow', { bytesPerSecond: 4_000_000 });
    const request = await rig.request(16_000_000);
    const result = await timed({ finalReplyMs: 50 }).upload(rig.target(X1C), request);
    expect(result).toMatchObject({ remoteBytes: 16_000_000, warning: null });
  });

  it('never gets it in the clear where the model does not need that', async () => {
    rig.printer(P1S).addFault('ftp.stallProtP');
    const request = await rig.request(10_000);
    await expect(timed({ connectMs: 400 }).upload(rig.target(P1S), request)).rejects.toEqual(
      failure('unreachable'),
    );
    expect(filesOf(P1S).has(request.remoteName)).toBe(false);
  });
});

describe('refusals', () => {
  it('pain-33, fault-24: tell a full card, at once or midway', async () => {
    rig.printer(X1C).addFault('ftp.552', { times: 1 });
    await expect(transfer.upload(rig.target(X1C), await rig.request(10))).rejects.toEqual(
      failure('storage-full', '552'),
    );
    rig.printer(X1C).clearFaults();
    rig.printer(X1C).addFault('ftp.552', { afterBytes: 100_000 });
    const request = await rig.request(3_000_000);
    await expect(transfer.upload(rig.target(X1C), request)).rejects.toEqual(failure('storage-full', '552'));
    expect(filesOf(X1C).has(request.remoteName)).toBe(false);
  });

  it('fault-24: to create a file are met with one more try', async () => {
    rig.printer(X1C).addFault('ftp.553', { times: 1 });
    expect(await transfer.upload(rig.target(X1C), await rig.request(10))).toMatchObject({ skipped: false });
    rig.printer(X1C).addFault('ftp.553');
    await expect(transfer.upload(rig.target(X1C), await rig.request(10))).rejects.toEqual(
      failure('storage', '553'),
    );
  });

  it('fault-24: without a card say so', async () => {
    rig.printer(X1C).addFault('ftp.550NoCard');
    await expect(transfer.upload(rig.target(X1C), await rig.request(10))).rejects.toThrow(/card or stick/);
  });

  it('fault-28: of a second transfer are waited out, but not for ever', async () => {
    rig.printer(X1C).addFault('ftp.busyConn', { times: 2 });
    expect(await transfer.upload(rig.target(X1C), await rig.request(10))).toMatchObject({ skipped: false });
    rig.printer(X1C).addFault('ftp.busyConn');
    const before = rig.ftp('refused').length;
    await expect(transfer.upload(rig.target(X1C), await rig.request(10))).rejects.toEqual(
      failure('busy', '425'),
    );
    expect(rig.ftp('refused').length - before).toBe(4);
  });

  it('fact-02: of the access code name it without showing it', async () => {
    const wrong = rig.target(X1C, { accessCode: '00000000' });
    const upload = transfer.upload(wrong, await rig.request(10));
    await expect(upload).rejects.toEqual(failure('auth', '530'));
    await expect(upload).rejects.toThrow(/access code is wrong/);
    await expect(upload).rejects.not.toThrow(/00000000/);
  });
});

describe('a printer that is not there', () => {
  it('is unreachable', async () => {
    await rig.printer(H2D).power(false);
    const request = await rig.request(10);
    await expect(transfer.upload(rig.target(H2D), request)).rejects.toEqual(
      failure('unreachable', 'ECONNREFUSED'),
    );
    await rig.printer(H2D).power(true);
    expect(await transfer.upload(rig.target(H2D), request)).toMatchObject({ skipped: false });
  });

  it('any more in the middle of a file is unreachable too', async () => {
    rig.printer(H2D).addFault('ftp.slow', { bytesPerSecond: 1_000_000 });
    let gone: Promise<void> | null = null;
    const request = await rig.request(24_000_000, {
      onProgress: () => {
        gone ??= rig.printer(H2D).power(false);
      },
    });
    await expect(transfer.upload(rig.target(H2D), request)).rejects.toEqual(failure('unreachable'));
    await gone;
    await rig.printer(H2D).power(true);
  });
});
