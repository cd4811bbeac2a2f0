import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

let floor: ShopFloor;
beforeAll(async () => {
  floor = await ShopFloor.open(['X1C', 'X1C'], { transferTiming: { idleMs: 500, finalReplyMs: 500 } });
});
afterAll(() => floor.close());

describe('a printer that takes half of a file', () => {
  it('ftp.stallAt: gets it again, and prints once', async () => {
    const printer = floor.next();
    printer.addFault('ftp.stallAt', { bytes: 2_000, times: 1 });
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
    expect(floor.begun(printer)).toHaveLength(1);
  });

  it('ftp.half226: is not trusted with it: the job waits for another, and says why', async () => {
    const printer = floor.next();
    printer.addFault('ftp.half226', { times: 1 });
    const id = await floor.queue(printer);
    await floor.happened(printer, 'ftp', 'stored');
    const told = await floor.farm.until(
      `/v1/print-jobs/${id}`,
      (body) => valueAt(body, 'errorMessage') !== null,
    );
    expect(told).toMatchObject({ status: 'pending', errorMessage: expect.stringContaining('upload failed') });
    expect(floor.starts(printer)).toHaveLength(0);
  });
});
