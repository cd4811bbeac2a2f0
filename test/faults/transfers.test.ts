import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textAt, valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

let floor: ShopFloor;

beforeAll(async () => {
  floor = await ShopFloor.open([...Array.from({ length: 12 }, () => 'X1C'), 'A1M'], {
    transferTiming: {
      connectMs: 1_500,
      idleMs: 1_500,
      finalReplyMs: 1_000,
      sizeSettleMs: 1_000,
      sizeIntervalMs: 50,
      busyPauseMs: 200,
    },
  });
});
afterAll(() => floor.close());

describe.concurrent('a file that arrives although the printer says otherwise', () => {
  it.each([
    ['pain-03, fault-25', 'ftp.426', { kind: 'complete' }],
    ['fault-26', 'ftp.no226', {}],
  ])('%s: %s: is measured, printed, and sent once', async (_tag, fault, args) => {
    const printer = floor.next();
    printer.addFault(fault, args);
    const job = await floor.job(await floor.queue(printer), 'completed');
    expect(valueAt(job, 'errorMessage')).toBeNull();
    expect(floor.truth(printer, 'ftp', 'stor')).toHaveLength(1);
    expect(floor.starts(printer)).toHaveLength(1);
    expect(floor.logged(printer, '"upload"').join()).toContain('"warning"');
  });
});

describe.concurrent('a file that does not arrive', () => {
  it.each([
    ['pain-02, pain-04, fault-27', 'ftp.426', { kind: 'truncated', times: 1 }],
    ['pain-07', 'ftp.dropAt', { bytes: 2_000, times: 1 }],
  ])('%s: %s: is never printed; it is sent again', async (_tag, fault, args) => {
    const printer = floor.next();
    printer.addFault(fault, args);
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.truth(printer, 'ftp', 'stor')).toHaveLength(2);
    expect(floor.starts(printer)).toHaveLength(1);
    expect(floor.begun(printer)).toHaveLength(1);
  });
});

describe.concurrent('a printer that cannot keep a file', () => {
  it.each([
    ['fault-24, pain-33', 'ftp.552', {}, /space|full/],
    ['fault-24', 'ftp.550NoCard', {}, /card|stick|storage/],
    ['fault-24', 'ftp.553', {}, /create|card|storage/],
  ])('%s: %s: gets no start; its job waits and says why', async (_tag, fault, args, words) => {
    const printer = floor.next();
    printer.addFault(fault, args);
    const id = await floor.queue(printer);
    const job = await floor.farm.until(
      `/v1/print-jobs/${id}`,
      (body) => typeof valueAt(body, 'errorMessage') === 'string',
    );
    expect(textAt(job, 'errorMessage')).toMatch(words);
    expect(valueAt(job, 'status')).toBe('pending');
    expect(floor.starts(printer)).toEqual([]);
    // Nothing was printed, so the bed is as clear as it was.
    expect(await floor.ready(printer)).toBe(true);
  });
});

describe.concurrent('a printer that is particular', () => {
  it('pain-01: ftp.requireReuse: gets its TLS session back on every data channel', async () => {
    const printer = floor.next();
    printer.addFault('ftp.requireReuse');
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.truth(printer, 'ftp', 'stored').map((entry) => entry.reused)).toEqual([true]);
  });

  it('fault-28: ftp.busyConn: is asked again while another transfer is open', async () => {
    const printer = floor.next();
    printer.addFault('ftp.busyConn', { times: 2 });
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });

  it('pain-07: ftp.slow: takes its time, and is left to', async () => {
    const printer = floor.next();
    printer.addFault('ftp.slow', { bytesPerSecond: 1_000, times: 1 });
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.truth(printer, 'ftp', 'stor')).toHaveLength(1);
  });

  it('ftp.stallProtP: gets the file in the clear where the model is known for it', async () => {
    const printer = floor.next('N1');
    printer.addFault('ftp.stallProtP');
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });
});
