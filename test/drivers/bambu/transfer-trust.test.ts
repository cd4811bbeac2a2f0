import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const rig = new TransferRig({ printers: [{ model: 'X1C', host: '127.44.2.1', mqttPort: 0, ftpPort: 0 }] });
const transfer = new BambuFileTransfer({ timing: QUICK });

beforeAll(() => rig.start());
afterAll(async () => {
  await transfer.close();
  await rig.stop();
});
afterEach(() => rig.printer().clearFaults());

const refused = expect.objectContaining({ name: 'DriverError', kind: 'certificate' });

describe('a printer that cannot prove its name', () => {
  it.each(['tls.wrongCn', 'tls.unknownCa', 'tls.expired'])('is told no access code (%s)', async (fault) => {
    rig.printer().addFault(fault);
    const before = rig.ftp().length;
    await expect(transfer.upload(rig.target(), await rig.request(10))).rejects.toEqual(refused);
    expect(rig.ftp()).toHaveLength(before);
  });

  it('is told none under trust on first use, when the certificate has changed', async () => {
    const { signal } = new AbortController();
    const unknown = `${'AA:'.repeat(31)}AA`;
    const pinned = rig.target(0, { trust: 'tofu', extraCa: [], pinnedFingerprint: unknown });
    const before = rig.ftp().length;
    await expect(transfer.remoteSize(pinned, 'a.gcode.3mf', signal)).rejects.toEqual(refused);
    expect(rig.ftp()).toHaveLength(before);
  });
});

describe('a printer of an unknown authority', () => {
  it('is served under trust on first use and when trust was waived', async () => {
    for (const trust of ['tofu', 'insecure'] as const) {
      const target = rig.target(0, { trust, extraCa: [] });
      expect(await transfer.upload(target, await rig.request(1000))).toMatchObject({ remoteBytes: 1000 });
      expect(rig.ftp('stored').at(-1)).toMatchObject({ reused: true });
    }
  });

  it('still has to bear its serial under trust on first use', async () => {
    rig.printer().addFault('tls.wrongCn');
    const before = rig.ftp().length;
    const target = rig.target(0, { trust: 'tofu', extraCa: [] });
    await expect(transfer.upload(target, await rig.request(10))).rejects.toEqual(refused);
    expect(rig.ftp()).toHaveLength(before);
  });
});
