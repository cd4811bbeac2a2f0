import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import type { TruthEntry } from '../../../drivers/emulator/index.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const rig = new TransferRig({
  speed: 100,
  printers: [1, 2].map((n) => ({ model: 'P1S', host: `127.44.3.${n}`, mqttPort: 0, ftpPort: 0 })),
});
const transfer = new BambuFileTransfer({ timing: QUICK });

beforeAll(() => rig.start());
afterAll(async () => {
  await transfer.close();
  await rig.stop();
});
afterEach(() => {
  for (const printer of rig.emulator.printers) printer.clearFaults();
});

const aborted = expect.objectContaining({ name: 'DriverError', kind: 'aborted' });

/** A request that calls `then` when the first bytes have gone. */
async function midway(then: () => void, printer = 0) {
  rig.printer(printer).addFault('ftp.slow', { bytesPerSecond: 500_000 });
  return rig.request(24_000_000, { onProgress: then });
}

describe('calling an upload off', () => {
  it('midway leaves no part of the file', async () => {
    const abort = new AbortController();
    const request = { ...(await midway(() => abort.abort())), signal: abort.signal };
    await expect(transfer.upload(rig.target(), request)).rejects.toEqual(aborted);
    const path = `/${request.remoteName}`;
    const cut = (entry: TruthEntry) => entry.event === 'cut' && entry.path === path;
    await rig.emulator.log.waitFor(cut, 5_000, 'the printer to notice the cut');
    expect(rig.printer().files()).toEqual([]);
    // Once before the upload, and again for what had arrived.
    expect(rig.ftp('dele').filter((entry) => entry.path === path).length).toBeGreaterThan(1);
  });

  it('pain-07: lets the next upload to the printer begin, its own sockets gone', async () => {
    const abort = new AbortController();
    const first = transfer.upload(rig.target(), {
      ...(await midway(() => abort.abort())),
      signal: abort.signal,
    });
    const second = transfer.upload(rig.target(), await rig.request(1000));
    await expect(first).rejects.toEqual(aborted);
    rig.printer().clearFaults();
    expect(await second).toMatchObject({ remoteBytes: 1000 });
  });

  it('before it began sends nothing', async () => {
    const since = rig.ftp().length;
    const request = await rig.request(1000, { signal: AbortSignal.abort() });
    await expect(transfer.upload(rig.target(), request)).rejects.toEqual(aborted);
    expect(rig.ftp()).toHaveLength(since);
  });

  it('while it waits for its turn takes it out of the line', async () => {
    const first = new AbortController();
    const second = new AbortController();
    const running = transfer.upload(rig.target(), {
      ...(await midway(() => second.abort())),
      signal: first.signal,
    });
    const waiting = transfer.upload(rig.target(), await rig.request(10, { signal: second.signal }));
    await expect(waiting).rejects.toEqual(aborted);
    first.abort();
    await expect(running).rejects.toEqual(aborted);
  });

  it('while the printer is asked something ends the question', async () => {
    const abort = new AbortController();
    const question = transfer.remoteSize(rig.target(), 'a.gcode.3mf', abort.signal);
    abort.abort();
    await expect(question).rejects.toEqual(aborted);
  });

  it('when the printer is gone ends all the same', async () => {
    const abort = new AbortController();
    let gone: Promise<void> | null = null;
    const pullThePlug = () => {
      gone ??= rig.printer(1).power(false);
      abort.abort();
    };
    const request = { ...(await midway(pullThePlug, 1)), signal: abort.signal };
    await expect(transfer.upload(rig.target(1), request)).rejects.toEqual(aborted);
    await gone;
  });
});

describe('closing', () => {
  it('ends what runs and what waits, cleans up, and refuses what comes later', async () => {
    const closing = new BambuFileTransfer({ timing: QUICK });
    let closed: Promise<void> | null = null;
    const request = await midway(() => {
      closed ??= closing.close();
    });
    const both = [closing.upload(rig.target(), request), closing.upload(rig.target(), await rig.request(10))];
    await Promise.all(both.map((upload) => expect(upload).rejects.toEqual(aborted)));
    await closed;
    expect(
      rig
        .printer()
        .files()
        .map((file) => file.name),
    ).not.toContain(request.remoteName);
    await expect(closing.upload(rig.target(), await rig.request(10))).rejects.toEqual(aborted);
    await closing.close();
  });
});
