import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import type { Transaction } from '../../src/database/transaction.js';
import { queueNotice, withFileUrls } from '../../src/domain/notification-outbox.js';
import { notificationSetting, partBuild, printer, printJob } from '../../src/resources/index.js';
import { NOTICE_EVENTS } from '../../src/resources/notification-setting.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { rowsOfEveryKind } from '../fixtures/rows-of-every-kind.js';

let farm: TestDatabase;
beforeEach(async () => {
  farm = await testDatabase();
});
afterEach(() => farm.close());

const channel = (tx: Transaction, name: 'webhook' | 'slack', wants: object) =>
  tx.insert(notificationSetting, { storeId: farm.storeId, channel: name, onJobFailed: false, ...wants });

const rows = () => farm.db.read.selectFrom('notice').selectAll().orderBy('createdAt').execute();

async function jobOnPrinter(tx: Transaction, label: string) {
  const made = await rowsOfEveryKind(tx);
  const [printerId, partBuildId] = [made.get(printer.name) ?? '', made.get(partBuild.name) ?? ''];
  const job = await tx.insert(printJob, {
    storeId: farm.storeId,
    partBuildId,
    quantityIndex: 1,
    quantityTotal: 1,
    filesToPrint: [],
    partName: 'Cube',
    label,
    queueOrder: 1,
    priority: 100,
    status: 'printing',
    assignedPrinterId: printerId,
    thumbnailUri: `${farm.storeId}/a "strange" näme.png`,
  });
  await tx.db.deleteFrom('notice').execute();
  await tx.db.deleteFrom('notificationSetting').execute();
  return { job, printerId };
}

describe('what is told to the outside', () => {
  it('knows the nineteen events of the contract', () => {
    expect(NOTICE_EVENTS).toHaveLength(19);
    expect(NOTICE_EVENTS).toContain('onJobSucceeded');
  });

  it('is written once for each channel that is on and wants it, with job and printer as they are answered', async () => {
    const label = 'file of nobody:x';
    const { job, printerId } = await farm.db.write(farm.context, async (tx) => {
      const on = await jobOnPrinter(tx, label);
      await channel(tx, 'webhook', { onJobSucceeded: true });
      await channel(tx, 'slack', { onJobSucceeded: true });
      await queueNotice(tx, { event: 'onJobSucceeded', printerId: null, printJobId: on.job.id });
      await tx.update(printJob, on.job.id, { label: 'changed afterwards' });
      return on;
    });
    const [first, second] = await rows();
    expect([first?.status, second?.status]).toEqual(['waiting', 'waiting']);
    expect(first?.eventId).toBe(second?.eventId);
    expect(first?.settingId).not.toBe(second?.settingId);
    const fileUrl = (uri: string) => `https://farm.example/storage/${encodeURIComponent(uri)}`;
    const told = JSON.parse(withFileUrls(first?.body ?? '', first?.eventId ?? '', fileUrl));
    const machine = await farm.db.write(farm.context, (tx) => tx.get(printer, printerId));
    expect(told).toEqual({
      event: 'onJobSucceeded',
      timestamp: job.createdAt,
      data: {
        printJob: printJob.present(job, { fileUrl }),
        printer: printer.present(machine, { fileUrl }),
      },
    });
    expect(told.data.printJob.thumbnailUri).toBe(fileUrl(`${farm.storeId}/a "strange" näme.png`));
    expect(told.data.printJob.label).toBe(label);
  });

  it('is written for nobody who is off or does not want it', async () => {
    await farm.db.write(farm.context, async (tx) => {
      await channel(tx, 'webhook', { onPrinterOffline: true, enabled: false });
      await channel(tx, 'slack', { onPrinterOnline: true });
      await queueNotice(tx, { event: 'onPrinterOffline', printerId: newId(), printJobId: null });
    });
    expect(await rows()).toEqual([]);
  });

  it('goes away with a transaction that is undone', async () => {
    const undone = farm.db.write(farm.context, async (tx) => {
      await channel(tx, 'webhook', { onOrderClosed: true });
      const extra = { order: { id: 'o' } };
      await queueNotice(tx, { event: 'onOrderClosed', printerId: null, printJobId: null, extra });
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
  });

  it('holds what is about neither printer nor job beside them', async () => {
    await farm.db.write(farm.context, async (tx) => {
      await channel(tx, 'webhook', { onOrderClosed: true });
      const extra = { order: { id: 'o' } };
      await queueNotice(tx, { event: 'onOrderClosed', printerId: null, printJobId: null, extra });
    });
    const [row] = await rows();
    expect(JSON.parse(row?.body ?? '')).toMatchObject({
      data: { printer: null, printJob: null, order: { id: 'o' } },
    });
  });
});
