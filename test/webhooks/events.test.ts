import { readFileSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EmulatedPrinter } from '../../drivers/emulator/index.js';
import { databaseFile } from '../../src/database/places.js';
import { NOTICE_EVENTS } from '../../src/resources/notification-setting.js';
import { ShopFloor } from '../faults/shop-floor.js';
import { cube } from '../fixtures/cube.js';
import { listAt, textAt, valueAt } from '../fixtures/farm.js';
import { type Receiver, receiver } from './receiver.js';

/** Long enough for a connection to come back on a busy machine. */
const TIMING = { stableMs: 1_500, sameMessageMs: 1_000 };

const WAIT = { timeout: 20_000, interval: 20 };

interface Heard {
  readonly event: string;
  readonly data: unknown;
}

let floor: ShopFloor;
let shop: Receiver;
let first: EmulatedPrinter;
let second: EmulatedPrinter;
let seen = 0;
const ever = new Set<string>();

beforeAll(async () => {
  shop = await receiver('127.0.0.1');
  floor = await ShopFloor.open(['X1C', 'X1C'], {
    newsTiming: TIMING,
    reportIntervalMs: 200,
    config: { webhooks: { allowPrivateTargets: ['127.0.0.1'], allowHttp: true } },
  });
  [first, second] = [floor.next(), floor.next()];
  const data = { webhookUrl: shop.url };
  const setting = await call('POST', '/v1/settings/notifications', { channel: 'webhook', data });
  const everything = Object.fromEntries(NOTICE_EVENTS.map((event) => [event, true]));
  await call('PATCH', `/v1/settings/notifications/${textAt(setting, 'id')}/configure`, everything);
});
afterAll(async () => {
  await floor.close();
  await shop.stop();
});

function received(): Heard[] {
  return shop.calls.map(({ body }) => {
    const told: unknown = JSON.parse(body);
    return { event: textAt(told, 'event'), data: valueAt(told, 'data') };
  });
}

/** Everything that was told since it was last asked for, which must be these events and no others. */
async function heard(...events: readonly string[]): Promise<readonly Heard[]> {
  const told = await heardSince(events.length);
  expect(told.map(({ event }) => event)).toEqual(events);
  return told;
}

/** The same of events that do not wait for each other. @returns what each held */
async function heardInAnyOrder(...events: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const told = await heardSince(events.length);
  expect(told.map(({ event }) => event).sort()).toEqual(events.toSorted());
  return new Map(told.map(({ event, data }) => [event, data]));
}

async function heardSince(count: number): Promise<readonly Heard[]> {
  const names = () => received().map(({ event }) => event);
  await vi.waitFor(
    () => expect(names().slice(seen).length, String(names())).toBeGreaterThanOrEqual(count),
    WAIT,
  );
  // Whoever hears of it has heard of everything before it.
  const marker = await makeOrder({ orderNumber: 'marker' });
  const isMarker = ({ data }: Heard) => valueAt(data, 'order', 'id') === marker;
  await vi.waitFor(() => expect(received().some(isMarker)).toBe(true), WAIT);
  const told = received().slice(seen);
  seen += told.length;
  expect(told.findIndex(isMarker)).toBe(told.length - 1);
  for (const { event } of told.slice(0, -1)) ever.add(event);
  return told.slice(0, -1);
}

const call = (method: string, path: string, body?: object) => floor.farm.ok(method, path, body);
const makeOrder = async (order: object) => textAt(await call('POST', '/v1/orders', { order }), 'order', 'id');
const isPrinter = ({ serial }: EmulatedPrinter) => ({ id: floor.farm.printerId(serial), deviceId: serial });

async function watchUpkeep(name: string, interval: number): Promise<void> {
  const values = { name, triggerType: 'job_count', interval, warningThresholdPct: 50, notes: null };
  const maintenanceItemId = textAt(await call('POST', '/v1/maintenance/items', values), 'id');
  const enrollments = [{ printerId: floor.id(first) }];
  await call('POST', '/v1/maintenance/enrollments', { maintenanceItemId, enrollments });
}

describe('what is told', () => {
  it('of a job is that it begins, what it used, and how it ends', async () => {
    const material = await call('POST', '/v1/materials', { name: 'Basic', brand: 'Bambu', type: 'PLA' });
    const materialId = textAt(material, 'id');
    const variant = await call('POST', '/v1/materials/variants', {
      name: 'White',
      materialId,
      color: '#FFFFFFFF',
    });
    const instance = await call('POST', '/v1/materials/instances', {
      materialId,
      variantId: textAt(variant, 'id'),
      materialType: 'PLA',
      remainingMaterial: 100,
    });
    const instanceId = textAt(instance, 'id');
    await call('PATCH', '/v1/materials/printer-slots/assign', {
      printerIds: [floor.id(first)],
      visualSlots: [{ amsIndex: 0, slotIndex: 0 }],
      instanceId,
      setOnPrinter: false,
    });
    await watchUpkeep('Brush', 2);
    await watchUpkeep('Oil', 1);

    const id = await floor.queue(first);
    const [begun, ended, soon, over, used] = await heard(
      'onJobStarted',
      'onJobSucceeded',
      'onMaintenanceDueSoon',
      'onMaintenanceOverdue',
      'onMaterialUsageRecorded',
    );
    expect(begun?.data).toMatchObject({ printer: isPrinter(first), printJob: { id, status: 'printing' } });
    // What the very report said of the printer, and not what the one before did.
    expect(valueAt(begun?.data, 'printer', 'metadata', 'print_status')).toMatch(
      /^(PREPARE|RUNNING|SLICING)$/,
    );
    expect(valueAt(ended?.data, 'printer', 'metadata', 'print_status')).toBe('FINISH');
    expect(ended?.data).toMatchObject({
      printer: { ...isPrinter(first), lifetimeJobCount: 1, confirmedReady: false },
      printJob: { id, status: 'completed', assignedPrinterId: floor.id(first) },
    });
    const of = { printerId: floor.id(first) };
    expect(soon?.data).toMatchObject({ printer: null, maintenance: { ...of, itemName: 'Brush' } });
    expect(over?.data).toMatchObject({ printer: null, maintenance: { ...of, itemName: 'Oil' } });
    const spools = [{ instanceId, grams: 5.25, remainingMaterial: 94.75 }];
    expect(used?.data).toMatchObject({ usage: { printerId: floor.id(first), printJobId: id, spools } });
  });

  it('of a job that is cancelled or fails is that, and that continuous printing is over', async () => {
    const waiting = await floor.queue(second, 2);
    await heard('onJobStarted');
    const others = listAt(await call('GET', '/v1/print-jobs?status=pending')).map((job) => textAt(job, 'id'));
    await call('PATCH', '/v1/print-jobs/cancel', { printJobIds: others });
    const [never] = await heard('onJobCancelled');
    expect(never?.data).toMatchObject({ printer: null, printJob: { id: others[0] } });
    await call('PATCH', '/v1/print-jobs/cancel', { printJobIds: [waiting] });
    const [stopped] = await heard('onJobCancelled');
    expect(stopped?.data).toMatchObject({ printer: isPrinter(second), printJob: { id: waiting } });

    await floor.row(second, (row) => valueAt(row, 'isAvailable') === true);
    await floor.confirm(second);
    second.addFault('job.failAt', { layer: 3, code: '0300_8003', times: 1 });
    await call('PATCH', '/v1/printers/continous-print', { enabled: true, ids: [floor.id(second)] });
    const id = await floor.queue(second);
    const [, shown, failed, off] = await heard(
      'onJobStarted',
      'onPrinterHmsError',
      'onJobFailed',
      'onPrinterContinuousPrintDisabled',
    );
    expect(shown?.data).toMatchObject({
      printer: isPrinter(second),
      printJob: null,
      health: { level: 'error', code: '0300-8003', message: expect.any(String) },
    });
    expect(failed?.data).toMatchObject({ printer: isPrinter(second), printJob: { id } });
    expect(off?.data).toMatchObject({
      printer: { ...isPrinter(second), continuousPrint: false, confirmedReady: false },
      printJob: null,
      continuousPrint: { reason: expect.stringContaining('failed') },
    });
  });

  it('of the messages of a printer is each once while it stands, whatever restarts', async () => {
    first.addFault('hms.raise', { key: '0300_0100_0001_0001' });
    first.addFault('hms.raise', { key: '0300_0100_0003_0008' });
    const [error, warning] = await heard('onPrinterHmsError', 'onPrinterHmsWarning');
    expect(error?.data).toMatchObject({ printer: isPrinter(first), health: { code: '0300-0100-0001-0001' } });
    expect(warning?.data).toMatchObject({ health: { level: 'warning', code: '0300-0100-0003-0008' } });
    const written = standing();
    await floor.farm.restart();
    await shows(first, 2);
    await heard();
    expect(standing()).toEqual(written);
    first.addFault('hms.clear');
    await shows(first, 0);
    first.addFault('hms.raise', { key: '0300_0100_0001_0001' });
    await shows(first, 1);
    await heard();
    first.addFault('hms.clear');
    await vi.waitFor(() => expect(standing()).toEqual([]), WAIT);
    first.addFault('hms.raise', { key: '0300_0100_0001_0001' });
    await heard('onPrinterHmsError');
    first.addFault('hms.clear');
    await vi.waitFor(() => expect(standing()).toEqual([]), WAIT);
  });

  it('of a connection is what lasts, and neither an end nor a beginning of the daemon', async () => {
    first.addFault('net.drop');
    await floor.online(first, false);
    await floor.online(first);
    await floor.farm.restart();
    await floor.online(first);
    await floor.online(second);
    await heard();
    await floor.confirm(first);
    const id = await floor.queue(first);
    await heard('onJobStarted');
    await first.power(false);
    const [away] = await heard('onPrinterOffline');
    expect(away?.data).toMatchObject({ printer: { ...isPrinter(first), isOnline: false }, printJob: null });
    await floor.farm.restart();
    await first.power(true);
    // It does not print any more, and nobody saw how that ended.
    const told = await heardInAnyOrder('onJobFailed', 'onPrinterOnline');
    expect(told.get('onJobFailed')).toMatchObject({
      printer: isPrinter(first),
      printJob: { id, errorMessage: expect.stringMatching(/^outcome unknown/) },
    });
    expect(told.get('onPrinterOnline')).toMatchObject({ printer: { ...isPrinter(first), isOnline: true } });
    await call('POST', `/local/print-jobs/${id}/resolve`, { outcome: 'completed' });
    // It counts as a job of the printer now, and its brushing comes due.
    const [settled] = await heard('onJobSucceeded', 'onMaintenanceOverdue');
    expect(settled?.data).toMatchObject({ printer: isPrinter(first), printJob: { id, status: 'completed' } });
  });

  it('of an order is who made it, and its end', async () => {
    const id = await makeOrder({ orderNumber: 'A1' });
    const retail = await makeOrder({ orderNumber: 'B2', source: 'etsy', externalId: 'b2' });
    await call('PATCH', '/v1/orders/batch/close', { orderIds: [id] });
    await call('PATCH', '/v1/orders/batch/close', { orderIds: [id] });
    await call('PATCH', '/v1/orders/batch/cancel', { orderIds: [retail] });
    await call('DELETE', `/v1/orders/${id}`);
    const refused = await floor.farm.api('POST', '/v1/orders', {
      order: { orderNumber: 'B3', source: 'etsy', externalId: 'b2' },
    });
    expect(refused.status).toBe(409);
    const told = await heard(
      'onOrderCreatedManual',
      'onOrderCreatedRetail',
      'onOrderClosed',
      'onOrderCancelled',
    );
    const orders = told.map(({ data }) => textAt(data, 'order', 'id'));
    expect(orders).toEqual([id, retail, id, retail]);
  });

  it('of an order that is printed by itself is so, once, and what of it is left', async () => {
    const shop = await call('POST', '/local/integrations', {
      type: 'etsy',
      externalId: '4711',
      name: 'Frames',
    });
    const etsyId = textAt(shop, 'id');
    const fileUris = [await floor.farm.upload('auto.gcode.3mf', await cube())];
    // No printer has the tag: its jobs wait.
    const values = { name: 'Auto', type: 'gcode3mf', fileUris, printTags: { 'user.tags': 'nowhere' } };
    const partId = textAt(await call('POST', '/v1/parts', values), 'id');
    await call('POST', '/v1/parts/create-skus', [{ partId, skuName: 'AUTO' }]);
    const bought = async (externalId: string, ...items: readonly object[]) => {
      const order = { orderNumber: 'E', source: 'etsy', externalId, integrationId: etsyId };
      return call('POST', '/v1/orders', { order, items });
    };
    const [two, unknown] = [
      { sku: 'AUTO', quantity: 2 },
      { sku: 'UNKNOWN', quantity: 1 },
    ];
    await bought('by hand', two);
    await heard('onOrderCreatedRetail');
    await call('PATCH', `/v1/integrations/etsy/${etsyId}/settings`, { autoPrint: true });
    await bought('nothing', unknown);
    await heard('onOrderCreatedRetail');
    const made = await bought('by itself', two, unknown);
    const [, told] = await heard('onOrderCreatedRetail', 'onOrdersAutoPrinted');
    expect(told?.data).toMatchObject({
      printer: null,
      printJob: null,
      order: { id: textAt(made, 'order', 'id'), processedAt: expect.any(String) },
      autoPrint: { jobCount: 2, leftItemIds: [textAt(made, 'items', 1, 'id')] },
    });
    expect(made).toMatchObject({
      items: [{ processedStatus: 'processed' }, { processedStatus: 'unprocessed' }],
    });
    const found = await call('GET', '/v1/orders/by-external/etsy/by%20itself/jobs');
    const printJobIds = listAt(found, 'jobs').map((job) => textAt(job, 'id'));
    await call('PATCH', '/v1/print-jobs/cancel', { printJobIds });
    await heard('onJobCancelled', 'onJobCancelled');
  });

  it('of maintenance is that it begins and ends', async () => {
    const mode = (enabled: boolean) =>
      call('PATCH', '/v1/maintenance/mode', { printerIds: [floor.id(second)], enabled });
    for (const enabled of [true, true, false, false]) await mode(enabled);
    const [on] = await heard('onMaintenanceModeOn', 'onMaintenanceModeOff');
    expect(on?.data).toMatchObject({ printer: null, maintenance: { printerId: floor.id(second) } });
  });

  it('of a printer that is switched off, or forgotten, is nothing', async () => {
    await call('PATCH', '/v1/printers/enabled', { ids: [floor.id(second)], enabled: false });
    await second.power(false);
    await vi.waitFor(() => expect(away()).toHaveLength(1), WAIT);
    await call('PATCH', '/v1/printers/enabled', { ids: [floor.id(second)], enabled: true });
    await call('DELETE', `/v1/printers/${floor.id(second)}`);
    await heard();
  });

  it('is every event that there is, and the documentation names each', () => {
    const docs = readFileSync(new URL('../../docs/integrators.md', import.meta.url), 'utf8');
    expect(NOTICE_EVENTS.filter((event) => !docs.includes(`\`${event}\``))).toEqual([]);
    expect(NOTICE_EVENTS.filter((event) => !ever.has(event))).toEqual([]);
  });
});

/** The printer shows so many messages. */
const shows = (printer: EmulatedPrinter, count: number) =>
  floor.live(
    printer,
    (live) =>
      valueAt(live, 'connection', 'status') === 'online' &&
      listAt(live, 'lastReport', 'health').length === count,
  );

function remembered(what: string): readonly unknown[] {
  const db = new BetterSqlite(databaseFile(floor.farm.dataDir), { readonly: true });
  const found = db.prepare(`select "updatedAt" from "printerNews" where ${what}`).pluck().all();
  db.close();
  return found;
}
/** When it was last written what the first printer complains of; nothing while it does not. */
const standing = () => remembered(`"printerId" = '${floor.id(first)}' and "health" != '[]'`);
const away = () => remembered('"awaySince" is not null');
