import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShopFloor } from './shop-floor.js';

let floor: ShopFloor;
beforeAll(async () => {
  floor = await ShopFloor.open(['X1C', 'X1C'], { transferTiming: { idleMs: 500, finalReplyMs: 500 } });
});
afterAll(() => floor.close());

describe('a printer that takes half of a file', () => {
  it.each([
    ['ftp.stallAt', { bytes: 2_000, times: 1 }],
    ['ftp.half226', { times: 1 }],
  ])('%s: gets it again, and prints once', async (fault, args) => {
    const printer = floor.next();
    printer.addFault(fault, args);
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
    expect(floor.begun(printer)).toHaveLength(1);
  });
});
