import { afterAll, beforeAll, it } from 'vitest';
import { BambuFileTransfer } from '../../../drivers/bambu/transfer.js';
import { QUICK, TransferRig } from './transfer-rig.js';

const rig = new TransferRig({
  speed: 100,
  printers: [{ model: 'X1C', host: '127.44.9.1', mqttPort: 0, ftpPort: 0 }],
});
beforeAll(() => rig.start());
afterAll(() => rig.stop());
it('x', async () => {
  const transfer = new BambuFileTransfer({ timing: QUICK });
  let bad = 0;
  for (let i = 0; i < 300; i++) {
    const since = rig.ftp().length;
    try {
      const r = await transfer.upload(rig.target(), await rig.request(200_000));
      if (r.warning) {
        bad++;
        console.log(i, r.warning, JSON.stringify(rig.ftp().slice(since)));
      }
    } catch (e) {
      bad++;
      console.log(i, String(e));
      console.log(JSON.stringify(rig.ftp().slice(since), null, 0));
    }
  }
  console.log('bad', bad);
});
