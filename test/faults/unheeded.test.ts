import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { valueAt } from '../fixtures/farm.js';
import { ShopFloor } from './shop-floor.js';

let floor: ShopFloor;
beforeAll(async () => {
  floor = await ShopFloor.open(['X1C']);
});
afterAll(() => floor?.close());

describe('a command that the printer acknowledges and does not carry out', () => {
  it('mqtt.ackOnly: leaves the job as the reports say, and is shown as not verified', async () => {
    const printer = floor.next();
    const id = await floor.queue(printer);
    await floor.job(id, 'printing');
    await floor.stat(printer, (stat) => valueAt(stat, 'state') === 'RUNNING');
    const newest = (effect: string) =>
      floor.farm.until(
        `/local/printers/${floor.id(printer)}/commands`,
        (body) => valueAt(body, 0, 'effect') === effect,
      );
    printer.addFault('mqtt.ackOnly', { command: 'pause' });
    expect(await floor.command(printer, { command: 'pause' })).toBe(true);
    // Nothing of the present connection will show any more, which need not be waited for then.
    printer.addFault('net.drop');
    await newest('unverified');
    await floor.job(id, 'printing');
    printer.clearFaults();
    await vi.waitFor(async () => expect(await floor.command(printer, { command: 'pause' })).toBe(true), {
      timeout: 10_000,
      interval: 100,
    });
    await newest('verified');
    await floor.job(id, 'paused');
  });
});
