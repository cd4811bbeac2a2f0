import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const MB = 1024 * 1024;
const rig = new TransferRig({ printers: [{ model: 'X1C', host: '127.44.5.1', mqttPort: 0, ftpPort: 0 }] });
beforeAll(() => rig.start());
afterAll(() => rig.stop());

it('streams 100 MB from disk in constant memory', async () => {
  const transfer = new BambuFileTransfer({ timing: QUICK });
  // Garbage is not memory in use, and when it is collected depends on what else the machine does.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const held = () => {
    if (typeof collect === 'function') collect();
    return process.memoryUsage().arrayBuffers / MB;
  };
  const before = held();
  let most = before;
  let looked = 0;
  const onProgress = (sent: number) => {
    if (sent - looked < 5 * MB) return;
    looked = sent;
    most = Math.max(most, held());
  };
  const request = await rig.request(100 * MB, { onProgress });
  const result = await transfer.upload(rig.target(), request);
  expect(result.remoteBytes).toBe(100 * MB);
  expect(rig.printer().files()).toEqual([{ name: request.remoteName, bytes: 100 * MB }]);
  expect(most - before).toBeLessThan(40);
  await transfer.close();
});
