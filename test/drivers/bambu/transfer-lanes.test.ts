import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { FifoSlots, Lanes } from '../../../drivers/bambu/transfer-slots.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const rig = new TransferRig({
  printers: [1, 2, 3, 4].map((n) => ({ model: 'X1C', host: `127.44.4.${n}`, mqttPort: 0, ftpPort: 0 })),
});
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('many uploads at once', () => {
  it('pain-05, fault-28: go one by one per printer, and never more than the bound over all', async () => {
    const transfer = new BambuFileTransfer({ timing: QUICK, simultaneous: 3 });
    const open = new Map<string, number>();
    let most = 0;
    const off = rig.emulator.log.on((entry) => {
      if (entry.kind !== 'ftp' || (entry.event !== 'stor' && entry.event !== 'stored')) return;
      open.set(entry.serial, (open.get(entry.serial) ?? 0) + (entry.event === 'stor' ? 1 : -1));
      expect(open.get(entry.serial)).toBeLessThanOrEqual(1);
      most = Math.max(
        most,
        [...open.values()].reduce((sum, count) => sum + count, 0),
      );
    });
    const requests = await Promise.all(Array.from({ length: 12 }, () => rig.request(400_000)));
    const results = await Promise.all(
      requests.map((request, i) => transfer.upload(rig.target(i % 4), request)),
    );
    off();
    expect(results.every((result) => result.remoteBytes === 400_000)).toBe(true);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
    for (let printer = 0; printer < 4; printer++) {
      const mine = requests.filter((_, i) => i % 4 === printer).map((request) => `/${request.remoteName}`);
      const stored = rig.ftp('stored').filter((entry) => entry.serial === rig.printer(printer).serial);
      expect(stored.map((entry) => entry.path)).toEqual(mine);
    }
    await transfer.close();
  });

  it('pain-06: fill each place as it becomes free, whatever the slowest does', async () => {
    const transfer = new BambuFileTransfer({ timing: QUICK, simultaneous: 2 });
    const abort = new AbortController();
    rig.printer(0).addFault('ftp.slow', { bytesPerSecond: 100_000 });
    const slow = transfer
      .upload(rig.target(0), await rig.request(24_000_000, { signal: abort.signal }))
      .catch((error: unknown) => error);
    const quick = await Promise.all(Array.from({ length: 9 }, () => rig.request(50_000)));
    // All of them pass the slow one by, through the one place it leaves.
    const results = await Promise.all(
      quick.map((request, i) => transfer.upload(rig.target(1 + (i % 3)), request)),
    );
    expect(results.map((result) => result.remoteBytes)).toEqual(quick.map((request) => request.sizeBytes));
    abort.abort();
    expect(await slow).toMatchObject({ kind: 'aborted' });
    rig.printer(0).clearFaults();
    await transfer.close();
  });

  it('do not hold up a question to another printer', async () => {
    const transfer = new BambuFileTransfer({ timing: QUICK, simultaneous: 1 });
    const abort = new AbortController();
    rig.printer(0).addFault('ftp.slow', { bytesPerSecond: 100_000 });
    let ask = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const request = await rig.request(24_000_000, { signal: abort.signal, onProgress: () => ask() });
    const upload = transfer.upload(rig.target(0), request).catch((error: unknown) => error);
    await asked;
    const { signal } = new AbortController();
    expect(await transfer.remoteSize(rig.target(1), 'nothing.gcode.3mf', signal)).toBeNull();
    abort.abort();
    expect(await upload).toMatchObject({ kind: 'aborted' });
    await transfer.close();
  });
});

describe('places', () => {
  const never = new AbortController().signal;

  it('are given in the order of asking and refilled one by one', async () => {
    const slots = new FifoSlots(2);
    const entered: number[] = [];
    const takes = [0, 1, 2, 3].map(async (n) => {
      const release = await slots.take(never);
      entered.push(n);
      return release;
    });
    const [first, second] = [await takes[0], await takes[1]];
    expect(entered).toEqual([0, 1]);
    second?.();
    second?.();
    await takes[2];
    expect(entered).toEqual([0, 1, 2]);
    first?.();
    await takes[3];
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('pass over one who left the line', async () => {
    const slots = new FifoSlots(1);
    const release = await slots.take(never);
    const leaving = new AbortController();
    const left = slots.take(leaving.signal);
    const stays = slots.take(never);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ kind: 'aborted' });
    await expect(slots.take(leaving.signal)).rejects.toMatchObject({ kind: 'aborted' });
    release();
    (await stays)();
    (await slots.take(never))();
  });

  it('are given back when the work fails', async () => {
    const lanes = new Lanes();
    await expect(lanes.run('a', never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await lanes.run('a', never, () => Promise.resolve(1))).toBe(1);
  });
});
