import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmulatedPrinter, TruthEntry } from '../../drivers/emulator/index.js';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

const MODELS = ['X1C', 'X1C', 'X1C', 'X1C', 'X1C', 'X1C', 'X1C', 'X1C', 'X1C', 'H2D'];
const FILES: Readonly<Record<string, string>> = { X1C: 'BL-P001', H2D: 'O1D' };

let farm: TestFarm;
const parts = new Map<string, string>();
const free: EmulatedPrinter[] = [];

beforeAll(async () => {
  farm = await testFarm({
    printers: MODELS.map((model) => ({ model })),
    // A start has time to show where ten printers of one process begin at once.
    timing: { ...QUICK, firstSignMs: 1_500, confirmMs: 4_000, transferBackoffMs: [50, 50] },
    // Long enough for some reports, so that it is believed because it lasts.
    sessionTiming: { emptyAmsMs: 1_500 },
  });
  free.push(...farm.emulator.printers);
  for (const [model, code] of Object.entries(FILES)) {
    const path = await farm.upload(
      `${model}.gcode.3mf`,
      await cube({ model: code, plates: [{ seconds: 1_200 }] }),
    );
    const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
    parts.set(model, textAt(part, 'id'));
  }
});
afterAll(() => farm.stop());

function nextPrinter(): EmulatedPrinter {
  const printer = free.shift();
  if (!printer) throw new Error('Every printer is taken');
  return printer;
}

/** Queues one print for this printer alone. @returns the job's id */
async function queueFor(printer: EmulatedPrinter, model = 'X1C'): Promise<string> {
  const tags = { 'printer.id': farm.printerId(printer.serial) };
  const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId: parts.get(model), tags }] });
  const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
  return textAt(listAt(whole, 'printJobs')[0], 'id');
}

const until = (id: string, status: string) =>
  farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === status);

const row = ({ serial }: EmulatedPrinter) => farm.ok('GET', `/v1/printers/${farm.printerId(serial)}`);
const ready = async (printer: EmulatedPrinter) => valueAt(await row(printer), 'confirmedReady');
const confirm = ({ serial }: EmulatedPrinter) =>
  farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: true, ids: [farm.printerId(serial)] });

const happened =
  ({ serial }: EmulatedPrinter, kind: string, event: string) =>
  (entry: TruthEntry) =>
    entry.serial === serial && entry.kind === kind && entry.event === event;
const truth = (printer: EmulatedPrinter, kind: string, event: string) =>
  farm.emulator.log.entries.filter(happened(printer, kind, event));
const seen = (printer: EmulatedPrinter, kind: string, event: string) =>
  farm.emulator.log.waitFor(happened(printer, kind, event), 15_000, `${kind} ${event}`);
const starts = (printer: EmulatedPrinter) => truth(printer, 'project_file', 'received');
const begun = (printer: EmulatedPrinter) => truth(printer, 'print', 'begun');

/** A job whose file is on its way, slowly. */
async function uploading(printer: EmulatedPrinter, bytesPerSecond = 4_000): Promise<string> {
  printer.addFault('ftp.slow', { bytesPerSecond, times: 1 });
  const id = await queueFor(printer);
  await seen(printer, 'ftp', 'stor');
  return id;
}

describe.concurrent('while a file is on its way', () => {
  it('pain-22: another spool in the mapped slot stops the start, and the job is mapped anew', async () => {
    const printer = nextPrinter();
    const id = await uploading(printer);
    printer.setSpool(0, 0, { type: 'PETG', color: '0000FFFF' });
    await until(id, 'completed');
    expect(truth(printer, 'ftp', 'stored')).toHaveLength(2);
    expect(starts(printer).map((entry) => entry.mapping)).toEqual([[3]]);
    expect(begun(printer)).toHaveLength(1);
  });

  it('pain-22: an AMS that is taken away stops the start', async () => {
    const printer = nextPrinter();
    const id = await uploading(printer, 1_000);
    printer.addFault('ams.disconnect');
    await until(id, 'pending');
    expect(starts(printer)).toHaveLength(0);
    expect(await ready(printer)).toBe(true);
  });

  it('pain-14: a print from elsewhere blocks the start, is not adopted, and leaves the bed in doubt', async () => {
    const printer = nextPrinter();
    const id = await uploading(printer);
    printer.startExternalJob('from_the_screen', 1_200);
    await until(id, 'pending');
    await farm.emulator.log.waitFor(
      (entry) => happened(printer, 'print', 'ended')(entry) && entry.subtaskName === 'from_the_screen',
      15_000,
      'the end of the other print',
    );
    await farm.until(
      `/v1/printers/${farm.printerId(printer.serial)}`,
      (body) => valueAt(body, 'isAvailable') === true,
    );
    expect(starts(printer)).toHaveLength(0);
    expect(await ready(printer)).toBe(false);
    expect(valueAt(await farm.ok('GET', `/v1/print-jobs/${id}`), 'status')).toBe('pending');
    await confirm(printer);
    await until(id, 'completed');
    expect(starts(printer)).toHaveLength(1);
  });

  it('pain-11: a cancel ends the upload, and nothing is started', async () => {
    const printer = nextPrinter();
    const id = await uploading(printer);
    expect(await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [id] })).toEqual([id]);
    expect(valueAt(await farm.ok('GET', `/v1/print-jobs/${id}`), 'status')).toBe('cancelled');
    expect(await row(printer)).toMatchObject({ confirmedReady: true, printingJobId: null });
    await confirm(printer);
    await until(await queueFor(printer), 'completed');
    expect(starts(printer)).toHaveLength(1);
  });

  it('fault-26: a reply that comes late is waited for', async () => {
    const printer = nextPrinter();
    printer.addFault('ftp.late226', { seconds: 600, times: 1 });
    await until(await queueFor(printer), 'completed');
    expect(truth(printer, 'ftp', 'stored')).toHaveLength(1);
    expect(starts(printer)).toHaveLength(1);
  });
});

describe.concurrent('while a start is under way', () => {
  it('pain-11: a cancel before the print begins keeps it from beginning', async () => {
    const printer = nextPrinter();
    printer.addFault('job.slowStart', { seconds: 900, times: 1 });
    const id = await queueFor(printer);
    await seen(printer, 'project_file', 'received');
    await farm.ok('PATCH', '/v1/print-jobs/cancel', { printJobIds: [id] });
    await until(id, 'cancelled');
    expect(begun(printer)).toHaveLength(0);
    expect(starts(printer)).toHaveLength(1);
  });

  it('pain-13: a printer that restarts then is not told to start again, and its bed is in doubt', async () => {
    const printer = nextPrinter();
    printer.addFault('job.slowStart', { seconds: 900, times: 1 });
    const id = await queueFor(printer);
    await seen(printer, 'project_file', 'received');
    await printer.power(false);
    await printer.power(true);
    const job = await until(id, 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^(start_not_confirmed|outcome unknown)/);
    expect(starts(printer)).toHaveLength(1);
    expect(await ready(printer)).toBe(false);
  });
});

describe.concurrent('prints that look like others', () => {
  it('pain-34, fault-35: a printer that prints our leftover file by itself does not complete the job', async () => {
    const printer = nextPrinter();
    printer.addFault('power.ghostPrint', { times: 1 });
    const id = await queueFor(printer);
    await until(id, 'printing');
    await printer.power(false);
    await printer.power(true);
    const job = await until(id, 'failed');
    expect(textAt(job, 'errorMessage')).toMatch(/^outcome unknown/);
    expect(starts(printer)).toHaveLength(1);
    expect(await ready(printer)).toBe(false);
    const live = await farm.ok('GET', `/local/printers/${farm.printerId(printer.serial)}`);
    expect(JSON.stringify(valueAt(live, 'notices'))).toContain('ghost-print');
  });

  it('fault-01: the end of the print before, shown under the new id, completes nothing', async () => {
    // The same machine twice: what it shows while it takes the second print in is the end of the first.
    const h2d = free.at(-1);
    if (!h2d) throw new Error('The H2D is missing');
    await until(await queueFor(h2d, 'H2D'), 'completed');
    await confirm(h2d);
    h2d.addFault('job.slowStart', { seconds: 500, times: 1 });
    const second = await queueFor(h2d, 'H2D');
    await until(second, 'completed');
    const finished = truth(h2d, 'print', 'ended');
    expect(finished.map((entry) => entry.outcome)).toEqual(['finished', 'finished']);
    expect(starts(h2d)).toHaveLength(2);
    expect(await ready(h2d)).toBe(false);
  });
});
