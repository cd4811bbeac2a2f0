import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textAt, valueAt } from '../fixtures/farm.js';
import { FaultyFarm } from './faulty-farm.js';

let faulty: FaultyFarm;

beforeAll(async () => {
  faulty = await FaultyFarm.start(7);
});
afterAll(() => faulty?.farm.stop());

describe('a start whose answer is lost', () => {
  it.each(['mqtt.noAck', 'net.dropAfterStart'])(
    'pain-08: %s: the print is found by its reports, not started again',
    async (fault) => {
      const printer = faulty.nextPrinter();
      printer.addFault(fault, { times: 1 });
      await faulty.until(await faulty.queueFor(printer), 'completed');
      expect(faulty.starts(printer)).toHaveLength(1);
      expect(faulty.begun(printer)).toHaveLength(1);
      expect(await faulty.ready(printer)).toBe(false);
    },
  );

  it('fact-08, pain-09, fault-19: taken and never begun: sent once more, then given to a person', async () => {
    const printer = faulty.nextPrinter();
    printer.addFault('job.neverStart');
    const job = await faulty.until(await faulty.queueFor(printer), 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^start_not_confirmed/);
    expect(faulty.starts(printer)).toHaveLength(2);
    expect(new Set(faulty.starts(printer).map((entry) => entry.taskId)).size).toBe(2);
    expect(faulty.begun(printer)).toHaveLength(0);
  });
});

describe('a print that ends badly', () => {
  it('pain-13: power lost in mid print: unknown, not ready, not repeated', async () => {
    const printer = faulty.nextPrinter();
    const id = await faulty.queueFor(printer);
    await faulty.until(id, 'printing');
    // The file is taken in as part of printing; what is cut here has begun to heat.
    await faulty.farm.emulator.log.waitFor(
      ({ serial, kind, event }) => serial === printer.serial && kind === 'print' && event === 'begun',
      10_000,
      'the beginning of the print',
    );
    await printer.power(false);
    await printer.power(true);
    const job = await faulty.until(id, 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^outcome unknown:/);
    expect(await faulty.ready(printer)).toBe(false);
    expect(faulty.begun(printer)).toHaveLength(1);
    expect(faulty.starts(printer)).toHaveLength(1);
    const settle = () => faulty.farm.api('POST', `/local/print-jobs/${id}/resolve`, { outcome: 'completed' });
    const counted = async () =>
      valueAt(
        await faulty.farm.ok('GET', `/v1/printers/${faulty.farm.printerId(printer.serial)}`),
        'lifetimeJobCount',
      );
    expect(await counted()).toBe(0);
    expect(valueAt((await settle()).body, 'status')).toBe('completed');
    expect((await settle()).status).toBe(409);
    expect(await counted()).toBe(1);
  });

  it('fails with the code that the printer named', async () => {
    const printer = faulty.nextPrinter();
    printer.addFault('job.failAt', { layer: 3, code: '0300_4006' });
    const job = await faulty.until(await faulty.queueFor(printer), 'failed');
    expect(textAt(job, 'errorMessage')).toContain('0300_4006');
    expect(await faulty.ready(printer)).toBe(false);
  });

  it('pain-14: cancelled on the screen is cancelled here, and the bed is in doubt', async () => {
    const printer = faulty.nextPrinter();
    const id = await faulty.queueFor(printer);
    await faulty.until(id, 'printing');
    printer.pressCancel();
    await faulty.until(id, 'cancelled');
    expect(await faulty.ready(printer)).toBe(false);
  });

  it('cancelled by REST is stopped on the printer, and ends when the printer says so', async () => {
    const printer = faulty.nextPrinter();
    const id = await faulty.queueFor(printer);
    await faulty.until(id, 'printing');
    expect(await faulty.farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [id] })).toEqual([id]);
    await faulty.until(id, 'cancelled');
    expect(faulty.truth(printer, 'print', 'ended').map((entry) => entry.outcome)).toEqual(['cancelled']);
  });
});
