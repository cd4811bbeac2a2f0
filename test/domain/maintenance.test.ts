import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MaintenanceTrigger } from '../../src/contract/enums.js';
import type { Transaction } from '../../src/database/transaction.js';
import { releasePrinter } from '../../src/domain/dispatch-endings.js';
import { removeEntity } from '../../src/domain/entities.js';
import {
  enroll,
  enrollRecommended,
  markDone,
  setMaintenanceMode,
  unenroll,
} from '../../src/domain/maintenance.js';
import { noteDue } from '../../src/domain/maintenance-due.js';
import { PRINTER_MODELS } from '../../src/domain/printer-models.js';
import { connectionOf, type PrinterFacts, recordFacts } from '../../src/domain/printers.js';
import { RECOMMENDED_ITEMS } from '../../src/domain/recommended-maintenance.js';
import {
  maintenanceItem,
  printer,
  printerConnection,
  printerMaintenanceEnrollment,
} from '../../src/resources/index.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { aPrinter } from './rows.js';

const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 0, 1);
let now = BEGIN;
let farm: TestDatabase;

beforeEach(async () => {
  now = BEGIN;
  farm = await testDatabase({ clock: { now: () => now } });
});
afterEach(() => farm.close());

/** What the fleet writes when a print has ended. */
const ENDED: PrinterFacts = {
  isOnline: true,
  machineFree: true,
  activity: 'FINISH',
  modelCode: null,
  modelName: null,
  nozzleDiameter: null,
  print: null,
  shown: null,
  printed: { ms: 0, open: null },
};

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);
const anItem = (triggerType: MaintenanceTrigger, interval: number) =>
  write((tx) =>
    tx.insert(maintenanceItem, { storeId: farm.storeId, name: triggerType, triggerType, interval }),
  );

describe('an enrolled printer', () => {
  it('begins with what it has printed so far, and anew each time that the work is done', async () => {
    const item = await anItem('print_hours', 100);
    const machine = await write((tx) => aPrinter(tx, { lifetimePrintHours: 500, lifetimeJobCount: 40 }));
    const [made] = await write((tx) => enroll(tx, item.id, [{ printerId: machine.id, currentOffset: 25 }]));
    expect(made).toMatchObject({ currentOffset: 25, hoursAtStart: 500, hoursAtLastCompletion: null });
    await write((tx) => tx.update(printer, machine.id, { lifetimePrintHours: 560, lifetimeJobCount: 44 }));
    now += 3 * DAY;
    const id = made?.id ?? '';
    await write((tx) => markDone(tx, [id, id], 'somebody', null));
    expect(await write((tx) => tx.get(printerMaintenanceEnrollment, id))).toMatchObject({
      currentOffset: 0,
      hoursAtLastCompletion: 560,
      jobsAtLastCompletion: 44,
      hoursAtStart: 560,
      lastCompletedBy: 'somebody',
      lastCompletedAt: '2026-01-04T00:00:00.000Z',
    });
    const log = await farm.db.read.selectFrom('maintenanceCompletionLog').selectAll().execute();
    expect(log).toMatchObject([{ enrollmentId: id, hoursAtCompletion: 560, jobsAtCompletion: 44 }]);
  });

  it('is enrolled once, and never half of a list', async () => {
    const item = await anItem('job_count', 10);
    const [a, b] = await write(async (tx) => [await aPrinter(tx), await aPrinter(tx)]);
    const wanted = [a, b].map((one) => ({ printerId: one?.id ?? '' }));
    expect(await write((tx) => enroll(tx, item.id, wanted.slice(0, 1)))).toHaveLength(1);
    expect(await write((tx) => enroll(tx, item.id, wanted))).toMatchObject([{ printerId: b?.id }]);
    const other = await anItem('job_count', 20);
    const unknown = write((tx) => enroll(tx, other.id, [...wanted, { printerId: 'a'.repeat(24) }]));
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
    const rows = await farm.db.read.selectFrom('printerMaintenanceEnrollment').select('id').execute();
    expect(rows).toHaveLength(2);
    const ids = rows.map(({ id }) => id);
    await expect(write((tx) => markDone(tx, [...ids, 'a'.repeat(24)], null, null))).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await farm.db.read.selectFrom('maintenanceCompletionLog').select('id').execute()).toEqual([]);
    await write((tx) => unenroll(tx, [...ids, 'a'.repeat(24)]));
    expect(await farm.db.read.selectFrom('printerMaintenanceEnrollment').select('id').execute()).toEqual([]);
  });

  it('keeps its history when it is enrolled no longer, until it goes itself', async () => {
    const item = await anItem('job_count', 10);
    const machine = await write((tx) => aPrinter(tx));
    const [made] = await write((tx) => enroll(tx, item.id, [{ printerId: machine.id }]));
    await write((tx) => markDone(tx, [made?.id ?? ''], null, 'x'));
    expect(await write((tx) => removeEntity(tx, maintenanceItem, item.id))).toEqual([made?.id, item.id]);
    const log = () => farm.db.read.selectFrom('maintenanceCompletionLog').select('id').execute();
    expect(await log()).toHaveLength(1);
    await write((tx) => removeEntity(tx, printer, machine.id));
    expect(await log()).toEqual([]);
  });
});

describe('what has come due', () => {
  const told = () =>
    farm.db.read
      .selectFrom('printerMaintenanceEnrollment as e')
      .innerJoin('maintenanceItem as i', 'i.id', 'e.maintenanceItemId')
      .select(['i.name', 'e.lastNotifiedStatus as status'])
      .orderBy('i.name')
      .execute()
      .then((rows) => Object.fromEntries(rows.map(({ name, status }) => [name, status])));
  const ended = (id: string) =>
    write((tx) =>
      releasePrinter(tx, id, {
        outcome: 'completed',
        ready: 'clear',
        wasReady: true,
        machine: { free: true, printing: false },
      }),
    );
  /** What the fleet writes when a print of so many hours has ended. */
  const printed = (id: string, hours: number) =>
    write((tx) => recordFacts(tx, id, { ...ENDED, printed: { ms: hours * 3_600_000, open: null } }));

  it('is told with the end of the print that brings it, once for each change', async () => {
    const items = [
      await anItem('print_hours', 10),
      await anItem('job_count', 4),
      await anItem('calendar_days', 2),
    ];
    const { id } = await write((tx) => aPrinter(tx));
    await write(async (tx) => {
      for (const item of items) await enroll(tx, item.id, [{ printerId: id }]);
    });
    const changes: string[] = [];
    farm.db.feed.on((committed) => {
      for (const { resource, after } of committed.changes)
        if (resource === 'printerMaintenanceEnrollment') changes.push(String(after?.lastNotifiedStatus));
    });
    await printed(id, 7);
    await ended(id);
    expect(await told()).toEqual({ calendar_days: null, job_count: null, print_hours: null });
    await printed(id, 1);
    await ended(id);
    await ended(id);
    await ended(id);
    await ended(id);
    expect(changes).toEqual(['DUE_SOON', 'OVERDUE']);
    now += 1.7 * DAY;
    await write((tx) => noteDue(tx, null));
    await printed(id, 5);
    await write((tx) => noteDue(tx, null));
    expect(await told()).toEqual({ calendar_days: 'DUE_SOON', job_count: 'OVERDUE', print_hours: 'OVERDUE' });
    expect(changes).toEqual(['DUE_SOON', 'OVERDUE', 'DUE_SOON', 'OVERDUE']);
    const [hours] = items;
    await write((tx) => tx.update(maintenanceItem, hours?.id ?? '', { interval: 100 }));
    await write((tx) => noteDue(tx, null));
    expect(changes.slice(4)).toEqual(['null']);
  });
});

describe('what is recommended', () => {
  it('is for models that there are, each with something to do', () => {
    const codes = new Set(PRINTER_MODELS.map(({ code }) => code));
    const used = new Set(RECOMMENDED_ITEMS.flatMap(({ models }) => models));
    expect([...used].filter((code) => !codes.has(code))).toEqual([]);
    expect([...codes].filter((code) => !used.has(code))).toEqual([]);
    expect(new Set(RECOMMENDED_ITEMS.map(({ key }) => key)).size).toBe(RECOMMENDED_ITEMS.length);
  });

  it('is what the printer says that it is, where nobody named its model', async () => {
    const { id } = await write(async (tx) => {
      const made = await aPrinter(tx);
      const connection = await connectionOf(tx, made.id);
      await tx.update(printerConnection, connection.id, { modelCode: null });
      return tx.update(printer, made.id, {
        metadata: made.metadata && { ...made.metadata, dev_model_name: '' },
      });
    });
    expect(await write((tx) => enrollRecommended(tx, [id], {}))).toBe(0);
    await write((tx) => recordFacts(tx, id, { ...ENDED, modelCode: 'N1' }));
    expect(await write((tx) => enrollRecommended(tx, [id], {}))).toBeGreaterThan(3);
    const names = await farm.db.read.selectFrom('maintenanceItem').select('defaultKey').execute();
    const keys = names.map(({ defaultKey }) => defaultKey);
    expect(keys).toContain('lubricate-y');
    expect(keys).not.toContain('clean-carbon-rods');
    expect(keys).not.toContain('ams-desiccant');
  });

  it('is made once for all printers, and stays what it was renamed to', async () => {
    const [a, b] = await write(async (tx) => [await aPrinter(tx), await aPrinter(tx)]);
    const [first = '', second = ''] = [a?.id, b?.id];
    const count = await write((tx) => enrollRecommended(tx, [first], {}));
    const items = () => farm.db.read.selectFrom('maintenanceItem').selectAll().execute();
    const made = await items();
    expect(made).toHaveLength(count);
    const rods = made.find(({ defaultKey }) => defaultKey === 'clean-carbon-rods');
    await write((tx) => tx.update(maintenanceItem, rods?.id ?? '', { name: 'Wipe rods' }));
    const offsets = { [second]: { 'Wipe rods': 7 } };
    expect(await write((tx) => enrollRecommended(tx, [first, second, second], offsets))).toBe(count);
    expect(await items()).toHaveLength(count);
    const offset = await farm.db.read
      .selectFrom('printerMaintenanceEnrollment')
      .select('currentOffset')
      .where('printerId', '=', second)
      .where('maintenanceItemId', '=', rods?.id ?? '')
      .executeTakeFirst();
    expect(offset).toEqual({ currentOffset: 7 });
    const remove = write((tx) => removeEntity(tx, maintenanceItem, rods?.id ?? ''));
    await expect(remove).rejects.toMatchObject({ code: 'managed' });
  });
});

describe('maintenance mode', () => {
  it('is switched once, whoever asks how often', async () => {
    const machine = await write((tx) =>
      aPrinter(tx, { confirmedReady: true, continuousPrint: true, fabmaticRemainingJobs: 3 }),
    );
    const on = await write((tx) => setMaintenanceMode(tx, machine.id, true));
    expect(on).toMatchObject({
      isInMaintenance: true,
      confirmedReady: false,
      continuousPrint: false,
      fabmaticRemainingJobs: null,
      lastMaintenanceOfflineAt: '2026-01-01T00:00:00.000Z',
    });
    now += DAY;
    expect(await write((tx) => setMaintenanceMode(tx, machine.id, true))).toEqual(on);
    expect(await write((tx) => setMaintenanceMode(tx, machine.id, false))).toMatchObject({
      isInMaintenance: false,
      lastMaintenanceOfflineAt: '2026-01-01T00:00:00.000Z',
      lastMaintenanceOnlineAt: '2026-01-02T00:00:00.000Z',
    });
  });
});
