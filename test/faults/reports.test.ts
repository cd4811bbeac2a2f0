import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textAt, valueAt } from '../fixtures/farm.js';
import { QUICK_SESSION, ShopFloor } from './shop-floor.js';

const WHOLE = [
  'chamber_temper',
  'fun',
  'vt_tray',
  'vir_slot',
  'lifecycle',
  'xcam',
  'device',
  'info',
  'ipcam',
];

let floor: ShopFloor;

beforeAll(async () => {
  floor = await ShopFloor.open([...Array.from({ length: 13 }, () => 'X1C'), 'P1S', 'P1S'], {
    reportIntervalMs: 250,
    sessionTiming: { ...QUICK_SESSION, firstFullReportMs: 300, fullReportRetryMs: 1_000 },
  });
});
afterAll(() => floor.close());

describe.concurrent('a print that is told of strangely', () => {
  it.each([
    ['fault-04', 'report.omit', { keys: WHOLE }],
    ['fault-05', 'report.badTypes', {}],
    ['fault-06', 'report.nonUtf8', {}],
    ['fault-07', 'report.trailingNul', {}],
    ['fault-02', 'report.seqConstant', {}],
    ['fault-02', 'mqtt.dupReports', {}],
    ['fault-02', 'mqtt.reorder', {}],
  ])('%s: %s: is followed to its end, started once, and nobody is alarmed', async (_tag, fault, args) => {
    const printer = floor.next();
    const slots = await floor.slots(printer);
    printer.addFault(fault, args);
    const id = await floor.queue(printer);
    await floor.stat(printer, (stat) => Number(valueAt(stat, 'data', 'print', 'percent')) > 0);
    const job = await floor.job(id, 'completed');
    expect(valueAt(job, 'errorMessage')).toBeNull();
    expect(floor.starts(printer)).toHaveLength(1);
    expect(await floor.slots(printer)).toEqual(slots);
    expect(await floor.notices(printer)).toEqual([]);
    expect(floor.truth(printer, 'mqtt', 'connect')).toHaveLength(1);
  });

  it('fault-08: report.clockSkew: has the times of the daemon, not those of the printer', async () => {
    const printer = floor.next();
    const before = Date.now() - 1;
    printer.addFault('report.clockSkew', { seconds: -30 * 365 * 86_400 });
    const job = await floor.job(await floor.queue(printer), 'completed');
    const after = Date.now() + 1;
    const stat = await floor.stat(printer, (told) => valueAt(told, 'state') === 'FINISH');
    for (const time of [
      textAt(job, 'printingStartedAt'),
      textAt(job, 'printingCompletedAt'),
      textAt(stat, 'receivedAt'),
    ]) {
      expect(Date.parse(time)).toBeGreaterThan(before);
      expect(Date.parse(time)).toBeLessThan(after + 60_000);
    }
    const hours = valueAt(await floor.row(printer), 'lifetimePrintHours');
    expect(Number(hours)).toBeLessThan(1);
  });
});

describe.concurrent('reports of which nothing can be made', () => {
  it.each(['report.truncated', 'report.empty'])(
    'fault-07: %s: end the connection with that reason, and nothing is believed',
    async (fault) => {
      const printer = floor.next();
      printer.addFault(fault);
      await floor.happened(printer, 'mqtt', 'connect', 2);
      const said = floor.logged(printer, 'printer is offline');
      expect(said.join()).toMatch(/messages/);
      printer.clearFaults();
      await floor.online(printer);
      await floor.job(await floor.queue(printer), 'completed');
    },
  );

  it('fault-03: a report that is not full proves nothing: no job is sent on it', async () => {
    const printer = floor.next();
    printer.addFault('report.omit', { keys: ['home_flag'] });
    printer.addFault('net.drop');
    await floor.happened(printer, 'mqtt', 'connect', 2);
    await floor.live(
      printer,
      (live) =>
        valueAt(live, 'connection', 'status') === 'online' &&
        valueAt(live, 'lastReport', 'complete') === false,
    );
    const id = await floor.queue(printer);
    await floor.farm.until(`/v1/print-jobs/${id}/matching-troubleshoot`, (why) =>
      JSON.stringify(why).includes('no full report has arrived'),
    );
    expect(floor.truth(printer, 'ftp', 'login')).toEqual([]);
    // It is asked for everything again, and goes on as soon as it says everything.
    await floor.farm.emulator.log.waitFor(
      () =>
        floor.truth(printer, 'mqtt', 'command').filter((entry) => entry.command === 'pushing.pushall')
          .length >= 3,
      10_000,
      'another request for everything',
    );
    printer.clearFaults();
    await floor.job(id, 'completed');
  });
});

describe.concurrent('an end that is no end of ours', () => {
  it('fault-01: report.staleFinish: completes nothing, and the print is followed when it begins', async () => {
    const printer = floor.next();
    printer.addFault('report.staleFinish');
    printer.addFault('job.slowStart', { seconds: 600 });
    const id = await floor.queue(printer);
    await floor.happened(printer, 'project_file', 'received');
    const stat = await floor.stat(printer, (told) => valueAt(told, 'state') === 'FINISH');
    expect(valueAt(stat, 'data', 'print', 'percent')).toBe(100);
    expect(valueAt(await floor.job(id, 'sending-to-printer', 'printing'), 'printingCompletedAt')).toBeNull();
    await floor.job(id, 'printing');
    await floor.job(id, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });
});

describe.concurrent('a machine that sends changes only', () => {
  it('fault-10, pain-30: ams.idOnlyDelta: keeps its spools, and prints from them', async () => {
    const printer = floor.next('C12');
    const slots = await floor.slots(printer);
    expect(slots).toContain('PETG');
    printer.addFault('ams.idOnlyDelta');
    await floor.job(await floor.queue(printer), 'completed');
    expect(await floor.slots(printer)).toEqual(slots);
  });

  it('fault-09, pain-29: is not asked for everything more often than it stands', async () => {
    const printer = floor.next('C12');
    await floor.job(await floor.queue(printer), 'completed');
    expect(floor.truth(printer, 'mqtt', 'overloaded')).toEqual([]);
  });
});
