import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { QUICK } from './crashing-farm.js';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({ printers: [{ model: 'X1C' }], timing: QUICK });
});
afterAll(() => farm.stop());

describe('stopping the daemon in the middle of an upload', () => {
  it('takes less than five seconds, leaves the journal true, and costs neither a print nor the bed', async () => {
    const [printer] = farm.emulator.printers;
    if (!printer) throw new Error('There is no printer');
    const path = await farm.upload('cube.gcode.3mf', await cube({ model: 'BL-P001' }));
    const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris: [path] });
    printer.addFault('ftp.slow', { bytesPerSecond: 1_000, times: 1 });
    const built = await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id') }] });
    const whole = await farm.ok('GET', `/v1/part-builds/${textAt(built, 'partBuilds', 0, 'id')}`);
    const id = textAt(listAt(whole, 'printJobs')[0], 'id');
    const { log } = farm.emulator;
    await log.waitFor(({ kind, event }) => kind === 'ftp' && event === 'stor', 10_000, 'the upload');

    const began = performance.now();
    await farm.restart();
    expect(performance.now() - began).toBeLessThan(5_000);
    await farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === 'completed');
    const of = (kind: string, event: string) =>
      log.entries.filter((e) => e.kind === kind && e.event === event);
    expect(of('project_file', 'received')).toHaveLength(1);
    expect(of('print', 'begun')).toHaveLength(1);
    expect(of('ftp', 'stored')).toHaveLength(1);
    expect(await farm.ok('GET', `/v1/print-jobs/${id}`)).toMatchObject({ errorMessage: null });
  });
});
