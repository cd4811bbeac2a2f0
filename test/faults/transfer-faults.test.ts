import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultyFarm } from './faulty-farm.js';

let faulty: FaultyFarm;

beforeAll(async () => {
  faulty = await FaultyFarm.start(3);
});
afterAll(() => faulty?.farm.stop());

describe('a transfer that breaks', () => {
  it.each([
    ['ftp.dropAt', { bytes: 2_000, times: 1 }],
    ['ftp.426', { kind: 'truncated', times: 1 }],
  ])('%s: is tried again and printed once', async (fault, args) => {
    const printer = faulty.nextPrinter();
    printer.addFault(fault, args);
    await faulty.until(await faulty.queueFor(printer), 'completed');
    expect(faulty.starts(printer)).toHaveLength(1);
    expect(faulty.begun(printer)).toHaveLength(1);
  });

  it('pain-03, pain-07: at its end, with nobody to ask: the file is found there and not sent again', async () => {
    const printer = faulty.nextPrinter();
    printer.addFault('ftp.dropAt', { bytes: faulty.fileBytes, times: 1 });
    const off = faulty.farm.emulator.log.on((entry) => {
      if (entry.serial === printer.serial && entry.event === 'dropped') {
        printer.addFault('net.refuse', { times: 1 });
      }
    });
    await faulty.queueFor(printer);
    await faulty.farm.emulator.log.waitFor(
      ({ serial, kind }) => serial === printer.serial && kind === 'project_file',
      15_000,
      'the start command',
    );
    off();
    expect(faulty.truth(printer, 'ftp', 'dropped').map((entry) => entry.bytes)).toEqual([faulty.fileBytes]);
    expect(faulty.farm.logLines.filter((line) => line.includes('upload failed')).length).toBeGreaterThan(0);
    expect(faulty.truth(printer, 'ftp', 'stor')).toHaveLength(1);
  });
});
