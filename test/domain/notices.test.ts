import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStatus } from '../../src/contract/enums.js';
import type { Transaction } from '../../src/database/transaction.js';
import { moveJob, moveJobThrough } from '../../src/domain/jobs.js';
import { enroll, markDone, setMaintenanceMode } from '../../src/domain/maintenance.js';
import { noteDue } from '../../src/domain/maintenance-due.js';
import { recordNotices } from '../../src/domain/notice-recorder.js';
import { cancelOrder, closeOrder, createOrder, removeOrder, reopenOrder } from '../../src/domain/orders.js';
import { rememberNews } from '../../src/domain/printer-news.js';
import { endContinuous } from '../../src/domain/printer-standing.js';
import { setContinuousPrint } from '../../src/domain/printers.js';
import { takeFromSpools } from '../../src/domain/spool-use.js';
import {
  dispatch,
  maintenanceItem,
  material,
  materialInstance,
  materialVariant,
  notificationSetting,
  printer,
  printJob,
} from '../../src/resources/index.js';
import { NOTICE_EVENTS } from '../../src/resources/notification-setting.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { valueAt } from '../fixtures/farm.js';
import { aDispatch, aPrinter, jobs } from './rows.js';

let farm: TestDatabase;
let channelId: string;
let storeId: string;
beforeAll(async () => {
  farm = await testDatabase({ recorders: [recordNotices] });
  storeId = farm.storeId;
  const all = Object.fromEntries(NOTICE_EVENTS.map((event) => [event, true]));
  const row = await write((tx) => tx.insert(notificationSetting, { storeId, channel: 'webhook', ...all }));
  channelId = row.id;
});
afterAll(() => farm.close());

function write<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
  return farm.db.write(farm.context, fn);
}

const outbox = () =>
  farm.db.read.selectFrom('notice').select(['event', 'body']).orderBy(sql`rowid`).execute();

/** What one transaction told, in its order. */
async function told(fn: (tx: Transaction) => Promise<unknown>): Promise<{ event: string; data: unknown }[]> {
  const before = await outbox();
  await write(fn);
  const fresh = (await outbox()).slice(before.length);
  return fresh.map(({ event, body }) => ({ event, data: valueAt(JSON.parse(body), 'data') }));
}

const events = async (fn: (tx: Transaction) => Promise<unknown>) =>
  (await told(fn)).map(({ event }) => event);

describe('jobs', () => {
  it('tell when they begin to print and how they end, once, with printer and job as they are then', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const [id = ''] = await write((tx) => jobs(tx));
    const step = (...path: [...JobStatus[], JobStatus]) =>
      told((tx) => moveJobThrough(tx, id, path, { assignedPrinterId: machine.id }));
    expect(await step('assigned')).toEqual([]);
    expect(await step('ready-for-printer', 'sending-to-printer')).toEqual([]);
    const [begun, ...others] = await step('printing');
    expect(others).toEqual([]);
    expect(begun).toMatchObject({
      event: 'onJobStarted',
      data: { printer: { id: machine.id, deviceId: machine.deviceId }, printJob: { id, status: 'printing' } },
    });
    expect(await step('paused')).toEqual([]);
    expect(await step('printing')).toEqual([]);
    expect(await told((tx) => tx.update(printJob, id, { label: 'other' }))).toEqual([]);
    expect(await step('completed')).toMatchObject([
      { event: 'onJobSucceeded', data: { printer: { id: machine.id }, printJob: { id, label: 'other' } } },
    ]);
    expect(await told((tx) => tx.update(printJob, id, { hidden: true }))).toEqual([]);
  });

  it('tell that they began when a pause is the first that is seen of them', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const [id = ''] = await write((tx) => jobs(tx));
    const seen = await events((tx) =>
      moveJobThrough(tx, id, ['assigned', 'ready-for-printer', 'sending-to-printer', 'paused'], {
        assignedPrinterId: machine.id,
      }),
    );
    expect(seen).toEqual(['onJobStarted']);
    expect(await events((tx) => moveJob(tx, id, 'printing'))).toEqual([]);
  });

  it('tell each failure, also of a second try, and what a person settles', async () => {
    const [id = ''] = await write((tx) => jobs(tx));
    const fail = (tx: Transaction) => moveJobThrough(tx, id, ['assigned', 'failed'], { errorMessage: 'no' });
    expect(await events(fail)).toEqual(['onJobFailed']);
    expect(await events((tx) => moveJob(tx, id, 'pending'))).toEqual([]);
    const [again] = await told(fail);
    expect(again).toMatchObject({
      event: 'onJobFailed',
      data: { printer: null, printJob: { errorMessage: 'no' } },
    });
    expect(await events((tx) => moveJob(tx, id, 'completed'))).toEqual(['onJobSucceeded']);
  });

  it('tell nothing of what was undone, and nothing of what is made', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const [id = ''] = await write((tx) => jobs(tx, 2));
    await write((tx) => moveJob(tx, id, 'assigned', { assignedPrinterId: machine.id }));
    const before = await outbox();
    const undone = write(async (tx) => {
      await moveJob(tx, id, 'failed');
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(await outbox()).toEqual(before);
  });
});

describe('printers', () => {
  it('tell that continuous printing went off by itself, and why; not that somebody ended it', async () => {
    const machine = await write((tx) => aPrinter(tx));
    expect(await told((tx) => setContinuousPrint(tx, machine.id, true, null))).toEqual([]);
    expect(await told((tx) => setContinuousPrint(tx, machine.id, false, null))).toEqual([]);
    await write((tx) => setContinuousPrint(tx, machine.id, true, null));
    expect(await told((tx) => endContinuous(tx, machine.id, 'its door stands open'))).toMatchObject([
      {
        event: 'onPrinterContinuousPrintDisabled',
        data: {
          printer: { id: machine.id, continuousPrint: false, confirmedReady: false },
          printJob: null,
          continuousPrint: { reason: 'its door stands open' },
        },
      },
    ]);
    expect(await told((tx) => endContinuous(tx, machine.id, 'again'))).toEqual([]);
  });

  it('tell of maintenance once each way, and then not of continuous printing', async () => {
    const machine = await write((tx) => aPrinter(tx, { continuousPrint: true }));
    const mode = (enabled: boolean) => told((tx) => setMaintenanceMode(tx, machine.id, enabled));
    const maintenance = { printerId: machine.id, printerName: 'P1S', isInMaintenance: true };
    expect(await mode(true)).toMatchObject([
      { event: 'onMaintenanceModeOn', data: { printer: null, printJob: null, maintenance } },
    ]);
    expect(await mode(true)).toEqual([]);
    expect(await mode(false)).toMatchObject([
      { event: 'onMaintenanceModeOff', data: { maintenance: { isInMaintenance: false } } },
    ]);
    expect(await mode(false)).toEqual([]);
  });

  it('tell what they show and where they are as often as that is news', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const stands = { level: 'error', code: '0300-8003', message: 'It clogged.' } as const;
    const warns = { level: 'warning', code: '0500-0001', message: 'It is dusty.' } as const;
    const becomes = (awaySince: string | null, ...health: (typeof stands | typeof warns)[]) =>
      told((tx) => rememberNews(tx, machine.id, { awaySince, health }));
    expect(await becomes(null, stands)).toMatchObject([
      { event: 'onPrinterHmsError', data: { printer: { id: machine.id }, printJob: null, health: stands } },
    ]);
    expect(await becomes(null, stands)).toEqual([]);
    expect(await becomes(null, stands, warns)).toMatchObject([
      { event: 'onPrinterHmsWarning', data: { health: warns } },
    ]);
    expect(await becomes('2026-11-26T08:00:00.000Z', warns)).toMatchObject([
      { event: 'onPrinterOffline', data: { printer: { id: machine.id } } },
    ]);
    expect(await becomes('2026-11-26T09:00:00.000Z', warns)).toEqual([]);
    expect(await becomes(null)).toMatchObject([{ event: 'onPrinterOnline' }]);
  });

  it('tell nothing of the sort while they are switched off, or when they are gone', async () => {
    const machine = await write((tx) => aPrinter(tx, { enabled: false }));
    const health = [{ level: 'error', code: '0300-8003', message: 'It clogged.' }] as const;
    const away = { awaySince: '2026-11-26T08:00:00.000Z', health };
    expect(await told((tx) => rememberNews(tx, machine.id, away))).toEqual([]);
    expect(await told((tx) => tx.update(printer, machine.id, { enabled: true }))).toEqual([]);
    expect(await told((tx) => tx.remove(printer, machine.id))).toEqual([]);
    expect(await told((tx) => rememberNews(tx, machine.id, away))).toEqual([]);
  });
});

describe('upkeep', () => {
  it('is told once when it comes due soon, and once when it is overdue', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const [enrollment] = await write(async (tx) => {
      const item = await tx.insert(maintenanceItem, {
        storeId,
        name: 'Oil',
        triggerType: 'job_count',
        interval: 2,
        warningThresholdPct: 50,
      });
      return enroll(tx, item.id, [{ printerId: machine.id }]);
    });
    const printed = (lifetimeJobCount: number) =>
      told(async (tx) => {
        await tx.update(printer, machine.id, { lifetimeJobCount });
        await noteDue(tx, machine.id);
      });
    expect(await printed(0)).toEqual([]);
    const maintenance = { enrollmentId: enrollment?.id, itemName: 'Oil', printerName: 'P1S' };
    expect(await printed(1)).toMatchObject([
      {
        event: 'onMaintenanceDueSoon',
        data: { printer: null, printJob: null, maintenance: { ...maintenance, progress: 50 } },
      },
    ]);
    expect(await printed(1)).toEqual([]);
    expect(await printed(2)).toMatchObject([
      { event: 'onMaintenanceOverdue', data: { maintenance: { ...maintenance, status: 'OVERDUE' } } },
    ]);
    expect(await told((tx) => markDone(tx, [enrollment?.id ?? ''], null, null))).toEqual([]);
    expect(await events((tx) => noteDue(tx, null))).toEqual([]);
  });
});

describe('orders', () => {
  const order = (source?: string) => ({ order: { orderNumber: '7', ...(source ? { source } : {}) } });

  it('tell by whom they were made', async () => {
    expect(await told((tx) => createOrder(tx, order()))).toMatchObject([
      {
        event: 'onOrderCreatedManual',
        data: {
          printer: null,
          printJob: null,
          order: { orderNumber: '7', source: 'manual', status: 'open' },
        },
      },
    ]);
    expect(await events((tx) => createOrder(tx, order('manual')))).toEqual(['onOrderCreatedManual']);
    expect(await events((tx) => createOrder(tx, order('etsy')))).toEqual(['onOrderCreatedRetail']);
  });

  it('tell that they were closed or cancelled, each time, and only one of both', async () => {
    const id = await write((tx) => createOrder(tx, order()));
    expect(await events((tx) => closeOrder(tx, id))).toEqual(['onOrderClosed']);
    expect(await events((tx) => reopenOrder(tx, id))).toEqual([]);
    expect(await events((tx) => closeOrder(tx, id))).toEqual(['onOrderClosed']);
    expect(await events((tx) => cancelOrder(tx, id))).toEqual(['onOrderCancelled']);
    await write((tx) => reopenOrder(tx, id));
    const [waiting = ''] = await write(async (tx) => {
      const made = await jobs(tx);
      await tx.update(printJob, made[0] ?? '', { orderId: id });
      return made;
    });
    const cancelled = await told((tx) => cancelOrder(tx, id));
    expect(cancelled).toMatchObject([
      { event: 'onJobCancelled', data: { printJob: { id: waiting, orderId: id } } },
      { event: 'onOrderCancelled', data: { order: { id, status: 'closed' } } },
    ]);
    expect(await events((tx) => removeOrder(tx, id))).toEqual([]);
  });
});

describe('spools', () => {
  it('tell what a print took of them, when its dispatch ends; not what people or an AMS say of them', async () => {
    const machine = await write((tx) => aPrinter(tx));
    const [spool, other] = await write(async (tx) => {
      const { id: materialId } = await tx.insert(material, {
        storeId,
        name: 'Basic',
        brand: 'Bambu',
        type: 'PLA',
      });
      const { id: variantId } = await tx.insert(materialVariant, { storeId, name: 'Red', materialId });
      const values = { storeId, materialId, variantId, materialType: 'PLA', remainingMaterial: 100 };
      return [await tx.insert(materialInstance, values), await tx.insert(materialInstance, values)];
    });
    const spools = [{ instanceId: spool?.id ?? '', grams: 40 }];
    const row = await write((tx) => aDispatch(tx, machine.id, { spools }));
    const weigh = (tx: Transaction, remainingMaterial: number) =>
      tx.update(materialInstance, other?.id ?? '', { remainingMaterial });
    expect(await events((tx) => weigh(tx, 90))).toEqual([]);
    const used = await told(async (tx) => {
      await tx.update(dispatch, row.id, { endedAt: tx.now, outcome: 'completed', phase: 'ended' });
      await weigh(tx, 80);
      await takeFromSpools(tx, spools, 1);
    });
    expect(used).toEqual([
      {
        event: 'onMaterialUsageRecorded',
        data: {
          printer: null,
          printJob: null,
          usage: {
            printerId: machine.id,
            printJobId: row.printJobId,
            spools: [
              {
                instanceId: spool?.id,
                variantId: spool?.variantId,
                materialId: spool?.materialId,
                materialType: 'PLA',
                grams: 40,
                remainingMaterial: 60,
              },
            ],
          },
        },
      },
    ]);
    const nothing = await write((tx) => aDispatch(tx, machine.id, { spools, token: 4712 }));
    expect(
      await events(async (tx) => {
        await tx.update(dispatch, nothing.id, { endedAt: tx.now, outcome: 'released', phase: 'ended' });
        await takeFromSpools(tx, spools, 0);
      }),
    ).toEqual([]);
  });
});

it('writes nothing that nobody wants', async () => {
  const wants = (onOrderCreatedManual: boolean, enabled = true) =>
    write((tx) => tx.update(notificationSetting, channelId, { onOrderCreatedManual, enabled }));
  const made = () => events((tx) => createOrder(tx, { order: { orderNumber: '8' } }));
  await wants(false);
  expect(await made()).toEqual([]);
  await wants(true, false);
  expect(await made()).toEqual([]);
  await wants(true);
  expect(await made()).toEqual(['onOrderCreatedManual']);
});
