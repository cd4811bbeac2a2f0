import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

/** One printer for each fault, so that none stands in another's way. */
const FAULTS = 11;

let farm: TestFarm;
let partId: string;
let fileBytes: number;
const free: EmulatedPrinter[] = [];

beforeAll(async () => {
  farm = await testFarm({
    printers: Array.from({ length: FAULTS }, () => ({ model: 'X1C' })),
    // A start has time to show where ten printers of one process begin at once.
    timing: { ...QUICK, firstSignMs: 1_500, confirmMs: 4_000, transferBackoffMs: [50, 50] },
  });
  free.push(...farm.emulator.printers);
  const file = await cube({ model: 'BL-P001', plates: [{ seconds: 1_200 }] });
  fileBytes = file.length;
  const path = await farm.upload('cube.gcode.3mf', file);
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
  partId = textAt(part, 'id');
});
afterAll(() => farm.stop());

function nextPrinter(): EmulatedPrinter {
  const printer = free.shift();
  if (!printer) throw new Error('Every printer is taken');
  return printer;
}

/** Queues one print for this printer alone. @returns the job's id */
async function queueFor(printer: EmulatedPrinter): Promise<string> {
  const tags = { 'printer.id': farm.printerId(printer.serial) };
  const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId, tags }] });
  const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
  return textAt(listAt(whole, 'printJobs')[0], 'id');
}

const until = (id: string, status: string) =>
  farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === status);

const ready = async ({ serial }: EmulatedPrinter) =>
  valueAt(await farm.ok('GET', `/v1/printers/${farm.printerId(serial)}`), 'confirmedReady');

const truth = ({ serial }: EmulatedPrinter, kind: string, event: string) =>
  farm.emulator.log.entries.filter(
    (entry) => entry.serial === serial && entry.kind === kind && entry.event === event,
  );
const starts = (printer: EmulatedPrinter) => truth(printer, 'project_file', 'received');
const begun = (printer: EmulatedPrinter) => truth(printer, 'print', 'begun');

describe('a start whose answer is lost', () => {
  it.each(['mqtt.noAck', 'net.dropAfterStart'])(
    'pain-08: %s: the print is found by its reports, not started again',
    async (fault) => {
      const printer = nextPrinter();
      printer.addFault(fault, { times: 1 });
      await until(await queueFor(printer), 'completed');
      expect(starts(printer)).toHaveLength(1);
      expect(begun(printer)).toHaveLength(1);
      expect(await ready(printer)).toBe(false);
    },
  );

  it('fact-08, pain-09, fault-19: taken and never begun: sent once more, then given to a person', async () => {
    const printer = nextPrinter();
    printer.addFault('job.neverStart');
    const job = await until(await queueFor(printer), 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^start_not_confirmed/);
    expect(starts(printer)).toHaveLength(2);
    expect(new Set(starts(printer).map((entry) => entry.taskId)).size).toBe(2);
    expect(begun(printer)).toHaveLength(0);
  });
});

describe('a print that ends badly', () => {
  it('pain-13: power lost in mid print: unknown, not ready, not repeated', async () => {
    const printer = nextPrinter();
    const id = await queueFor(printer);
    await until(id, 'printing');
    // The file is taken in as part of printing; what is cut here has begun to heat.
    await farm.emulator.log.waitFor(
      ({ serial, kind, event }) => serial === printer.serial && kind === 'print' && event === 'begun',
      10_000,
      'the beginning of the print',
    );
    await printer.power(false);
    await printer.power(true);
    const job = await until(id, 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^outcome unknown:/);
    expect(await ready(printer)).toBe(false);
    expect(begun(printer)).toHaveLength(1);
    expect(starts(printer)).toHaveLength(1);
    const settle = () => farm.api('POST', `/local/print-jobs/${id}/resolve`, { outcome: 'completed' });
    const counted = async () =>
      valueAt(await farm.ok('GET', `/v1/printers/${farm.printerId(printer.serial)}`), 'lifetimeJobCount');
    expect(await counted()).toBe(0);
    expect(valueAt((await settle()).body, 'status')).toBe('completed');
    expect((await settle()).status).toBe(409);
    expect(await counted()).toBe(1);
  });

  it('fails with the code that the printer named', async () => {
    const printer = nextPrinter();
    printer.addFault('job.failAt', { layer: 3, code: '0300_4006' });
    const job = await until(await queueFor(printer), 'failed');
    expect(textAt(job, 'errorMessage')).toContain('0300_4006');
    expect(await ready(printer)).toBe(false);
  });

  it('pain-14: cancelled on the screen is cancelled here, and the bed is in doubt', async () => {
    const printer = nextPrinter();
    const id = await queueFor(printer);
    await until(id, 'printing');
    printer.pressCancel();
    await until(id, 'cancelled');
    expect(await ready(printer)).toBe(false);
  });

  it('cancelled by REST is stopped on the printer, and ends when the printer says so', async () => {
    const printer = nextPrinter();
    const id = await queueFor(printer);
    await until(id, 'printing');
    expect(await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [id] })).toEqual([id]);
    await until(id, 'cancelled');
    expect(truth(printer, 'print', 'ended').map((entry) => entry.outcome)).toEqual(['cancelled']);
  });
});

describe('a transfer that breaks', () => {
  it.each([
    ['ftp.dropAt', { bytes: 2_000, times: 1 }],
    ['ftp.426', { kind: 'truncated', times: 1 }],
  ])('%s: is tried again and printed once', async (fault, args) => {
    const printer = nextPrinter();
    printer.addFault(fault, args);
    await until(await queueFor(printer), 'completed');
    expect(starts(printer)).toHaveLength(1);
    expect(begun(printer)).toHaveLength(1);
  });

  it('pain-03, pain-07: at its end, with nobody to ask: the file is found there and not sent again', async () => {
    const printer = nextPrinter();
    printer.addFault('ftp.dropAt', { bytes: fileBytes, times: 1 });
    const off = farm.emulator.log.on((entry) => {
      if (entry.serial === printer.serial && entry.event === 'dropped') {
        printer.addFault('net.refuse', { times: 1 });
      }
    });
    await queueFor(printer);
    await farm.emulator.log.waitFor(
      ({ serial, kind }) => serial === printer.serial && kind === 'project_file',
      15_000,
      'the start command',
    );
    off();
    expect(truth(printer, 'ftp', 'dropped').map((entry) => entry.bytes)).toEqual([fileBytes]);
    expect(farm.logLines.filter((line) => line.includes('upload failed')).length).toBeGreaterThan(0);
    expect(truth(printer, 'ftp', 'stor')).toHaveLength(1);
  });
});
