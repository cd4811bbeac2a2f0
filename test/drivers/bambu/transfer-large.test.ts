import { afterAll, beforeAll, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const MB = 1024 * 1024;
const rig = new TransferRig({ printers: [{ model: 'X1C', host: '127.44.5.1', mqttPort: 0, ftpPort: 0 }] });
beforeAll(() => rig.start());
afterAll(() => rig.stop());

it('streams 100 MB from disk in constant memory', async () => {
  const transfer = new BambuFileTransfer({ timing: QUICK });
  const held = () => process.memoryUsage().arrayBuffers / MB;
  const before = held();
  let most = before;
  const request = await rig.request(100 * MB, { onProgress: () => (most = Math.max(most, held())) });
  const result = await transfer.upload(rig.target(), request);
  expect(result.remoteBytes).toBe(100 * MB);
  expect(rig.printer().files()).toEqual([{ name: request.remoteName, bytes: 100 * MB }]);
  expect(most - before).toBeLessThan(40);
  await transfer.close();
});
