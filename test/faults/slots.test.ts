import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

const WHITE = { type: 'PLA', color: 'FFFFFFFF' };

let floor: ShopFloor;

beforeAll(async () => {
  floor = await ShopFloor.open(['X1C', 'X1C', 'X1C', { model: 'H2S', ams: [{ id: 128, slots: [WHITE] }] }]);
});
afterAll(() => floor.close());

const health = (stat: unknown) => JSON.stringify(valueAt(stat, 'data', 'health'));

describe.concurrent('an AMS that says odd things', () => {
  it('fault-11: ams.zeroBitsShutdown: a printer that goes off does not lose its spools', async () => {
    const printer = floor.next();
    const slots = await floor.slots(printer);
    printer.addFault('ams.zeroBitsShutdown');
    const at = valueAt(await floor.live(printer), 'lastReport', 'at');
    await floor.live(printer, (live) => valueAt(live, 'lastReport', 'at') !== at);
    printer.clearFaults();
    await printer.power(false);
    await floor.online(printer, false);
    expect(await floor.slots(printer)).toEqual(slots);
    await printer.power(true);
    await floor.online(printer);
    await floor.job(await floor.queue(printer), 'completed');
    expect(await floor.slots(printer)).toEqual(slots);
  });

  it('fault-12: ams.htState9: a loaded one-slot unit stays loaded, and is printed from', async () => {
    const printer = floor.next('O1S');
    printer.addFault('ams.htState9');
    await floor.job(await floor.queue(printer), 'completed');
    expect(await floor.slots(printer)).toContain('PLA');
    expect(floor.starts(printer).map((entry) => entry.mapping)).toEqual([[128]]);
  });
});

describe.concurrent('filament that ends', () => {
  it('ams.runout: pauses the print, and the words name the slot', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.happened(printer, 'print', 'begun');
    printer.addFault('ams.runout', { slot: 0 });
    await floor.job(id, 'paused');
    await floor.stat(printer, (told) => health(told).includes('0700-8011'));
    const says = /^the printer paused with 0700_8011: AMS 1/;
    await floor.farm.until(`/v1/print-jobs/${id}`, (job) => says.test(String(valueAt(job, 'errorMessage'))));
    printer.setSpool(0, 0, WHITE);
    await floor.farm.ok('PATCH', '/v1/print-jobs/resume', { printJobIds: [id] });
    await floor.job(id, 'completed');
  });

  it('ams.disconnect: in mid print pauses it; it goes on when the AMS is back', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.happened(printer, 'print', 'begun');
    printer.addFault('ams.disconnect');
    await floor.job(id, 'paused');
    printer.clearFaults();
    await floor.farm.until(`/v1/print-jobs/${id}`, (job) => valueAt(job, 'status') === 'paused');
    await floor.farm.ok('PATCH', '/v1/print-jobs/resume', { printJobIds: [id] });
    await floor.job(id, 'completed');
    expect(floor.starts(printer)).toHaveLength(1);
  });
});
