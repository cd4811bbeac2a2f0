import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SessionTransfers } from '../../../drivers/bambu/session-transfers.js';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const PAUSE_MS = 300;
const rig = new TransferRig({ printers: [{ model: 'P1S', host: '127.44.7.1', mqttPort: 0, ftpPort: 0 }] });
const transfer = new BambuFileTransfer({ timing: QUICK });
const { signal } = new AbortController();
let printing = true;
let reachable = false;

const transfers = new SessionTransfers({
  transfer,
  // Nothing listens at port 1.
  target: () => rig.target(0, reachable ? {} : { ftpPort: 1 }),
  printing: () => printing,
  overloadedPauseMs: PAUSE_MS,
});

beforeAll(() => rig.start());
afterAll(async () => {
  transfers.close();
  await transfer.close();
  await rig.stop();
});
afterEach(() => {
  printing = true;
  reachable = false;
  transfers.close();
});

/** Milliseconds that a question takes, answered or not. */
async function asked(by = signal): Promise<number> {
  const beganAt = performance.now();
  await transfers.remoteSize('a.gcode.3mf', by).catch(() => null);
  return performance.now() - beganAt;
}

describe('a printer that refuses connections', () => {
  it('is left alone for a while when it prints', async () => {
    transfers.open();
    await expect(transfers.remoteSize('a.gcode.3mf', signal)).rejects.toMatchObject({ kind: 'unreachable' });
    reachable = true;
    expect(await asked()).toBeGreaterThanOrEqual(PAUSE_MS - 20);
    // Reached, it is asked at once again.
    const logins = rig.ftp('login').length;
    await transfers.remoteSize('a.gcode.3mf', signal);
    expect(rig.ftp('login')).toHaveLength(logins + 1);
  });

  it('holds up nobody who does not want to wait', async () => {
    transfers.open();
    await asked();
    reachable = true;
    const logins = rig.ftp('login').length;
    const leaving = new AbortController();
    const question = transfers.remoteSize('a.gcode.3mf', leaving.signal);
    leaving.abort();
    await expect(question).rejects.toMatchObject({ kind: 'aborted' });
    expect(rig.ftp('login')).toHaveLength(logins);
  });
});
