import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/database/transaction.js';
import { syncConfiguredPrinters } from '../../src/domain/configured-printers.js';
import { createEntity } from '../../src/domain/entities.js';
import {
  confirmReady,
  connectionBySerial,
  type PrinterFacts,
  recordFacts,
  registerPrinter,
  setContinuousPrint,
} from '../../src/domain/printers.js';
import { type ReportedSlot, slotsOf, syncSlots } from '../../src/domain/slots.js';
import { material, materialVariant, printer, printJob } from '../../src/resources/index.js';
import type { Patch } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { aDispatch, aPrinter, jobs, printing } from './rows.js';

let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase();
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);

const IDLE: PrinterFacts = {
  isOnline: true,
  machineFree: true,
  activity: 'IDLE',
  modelCode: 'C12',
  modelName: 'Bambu Lab P1S',
  nozzleDiameter: '0.4',
  print: null,
  shown: null,
  printed: { ms: 0, open: null },
};
const RUNNING: PrinterFacts = { ...IDLE, machineFree: false, activity: 'RUNNING' };

/** The printer after these facts were recorded of it. */
async function recorded(
  facts: PrinterFacts,
  changes: Patch<typeof printer> = {},
  prepare = async (_tx: Transaction, _id: string) => {},
) {
  return write(async (tx) => {
    const { id } = await aPrinter(tx, { confirmedReady: true, ...changes });
    await prepare(tx, id);
    await recordFacts(tx, id, facts);
    return tx.get(printer, id);
  });
}

function seen(ids: readonly string[], name = '', active = true): PrinterFacts['print'] {
  return { ids, name, file: '', active };
}

let tokens = 50_000;
const started = { phase: 'start-sent', startSentAt: '2026-03-01T08:00:00.000Z' } as const;
const ended = {
  phase: 'ended',
  endedAt: '2026-03-01T09:00:00.000Z',
  startSentAt: started.startSentAt,
} as const;

describe('facts', () => {
  test('say whether a printer is online and free, and what it is', async () => {
    const row = await recorded(IDLE);
    expect(row).toMatchObject({
      isOnline: true,
      isAvailable: true,
      confirmedReady: true,
      nozzleDiameter: '0.4',
    });
    expect(row.metadata).toMatchObject({
      online: true,
      print_status: 'IDLE',
      dev_product_name: 'Bambu Lab P1S',
    });
    expect(await recorded({ ...IDLE, machineFree: false })).toMatchObject({
      isOnline: true,
      isAvailable: false,
    });
    expect(await recorded({ ...IDLE, isOnline: false, machineFree: false })).toMatchObject({
      isAvailable: false,
    });
  });

  test('a job on it keeps a printer from being available', async () => {
    const row = await recorded(IDLE, {}, async (tx, id) => {
      await printing(tx, id, tx.now);
    });
    expect(row.isAvailable).toBe(false);
  });

  test('of a printer that is gone are nothing', async () => {
    await write((tx) => recordFacts(tx, 'nowhere', IDLE));
  });

  test('pain-14: a print of others leaves the bed in doubt, and ends continuous printing', async () => {
    const row = await recorded(
      { ...RUNNING, print: seen(['77']) },
      { continuousPrint: true, fabmaticRemainingJobs: 3 },
    );
    expect(row).toMatchObject({ confirmedReady: false, continuousPrint: false, fabmaticRemainingJobs: null });
  });

  test('pain-14: also while a file of ours is still on its way', async () => {
    const row = await recorded({ ...RUNNING, print: seen(['77']) }, {}, async (tx, id) => {
      await aDispatch(tx, id, { token: tokens++, phase: 'transferring' });
    });
    expect(row.confirmedReady).toBe(false);
  });

  test('a print while our start is out is for the dispatch to judge', async () => {
    const row = await recorded({ ...RUNNING, print: seen([]) }, {}, async (tx, id) => {
      await aDispatch(tx, id, { token: tokens++, ...started });
    });
    expect(row.confirmedReady).toBe(true);
  });

  test('our own print, told late, does not undo what its completion decided', async () => {
    const token = tokens++;
    const row = await recorded(
      { ...IDLE, print: seen([String(token)]) },
      { continuousPrint: true },
      async (tx, id) => {
        await aDispatch(tx, id, { token, ...ended, outcome: 'completed' });
      },
    );
    expect(row).toMatchObject({ confirmedReady: true, continuousPrint: true });
  });

  test('pain-34: a print without ids, such as a printer begins by itself, leaves the bed in doubt', async () => {
    const row = await recorded({ ...RUNNING, print: seen([]) }, {}, async (tx, id) => {
      await aDispatch(tx, id, { token: tokens++, ...ended, outcome: 'completed' });
    });
    expect(row.confirmedReady).toBe(false);
  });

  test.each([
    ['our name, and that print is over', {}, 'cube-1', true, true],
    ['our name, where ids were shown before', { endedAt: null, recognisedBy: 'ids' }, 'cube-1', true, true],
    [
      'our name, on firmware that never showed ids',
      { endedAt: null, recognisedBy: 'name' },
      'cube-1',
      true,
      false,
    ],
    ['another name', {}, 'vase', true, false],
    ['our name, but over too', {}, 'cube-1', false, false],
  ] as const)(
    'pain-34, fault-35: a print by itself is told by %s',
    async (_what, changes, name, active, ghost) => {
      const told = await write(async (tx) => {
        const { id } = await aPrinter(tx);
        await aDispatch(tx, id, {
          token: tokens++,
          name: 'cube-1',
          ...ended,
          outcome: 'completed',
          ...changes,
        });
        return recordFacts(tx, id, { ...RUNNING, print: seen([], name, active) });
      });
      expect(told).toBe(ghost);
    },
  );

  test('a print that begins long after it was given up makes its job a question', async () => {
    const token = tokens++;
    const jobId = await write(async (tx) => {
      const { id } = await aPrinter(tx, { confirmedReady: true });
      const [made = ''] = await jobs(tx);
      await tx.update(printJob, made, { status: 'failed', errorMessage: 'start_not_confirmed' });
      await aDispatch(tx, id, {
        token: tokens++,
        previousToken: token,
        printJobId: made,
        ...ended,
        outcome: 'not-started',
      });
      await recordFacts(tx, id, { ...RUNNING, print: seen([String(token)]) });
      expect((await tx.get(printer, id)).confirmedReady).toBe(false);
      return made;
    });
    expect(await write((tx) => tx.get(printJob, jobId))).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringMatching(/^outcome unknown: /),
    });
  });
});

describe('saying whether the bed is clear', () => {
  const say = (
    ready: boolean,
    changes: Patch<typeof printer>,
    prepare: (tx: Transaction, id: string) => Promise<unknown> = async () => {},
  ) =>
    write(async (tx) => {
      const { id } = await aPrinter(tx, changes);
      await prepare(tx, id);
      await confirmReady(tx, id, ready);
      return (await tx.get(printer, id)).confirmedReady;
    });
  const showing =
    (print_status: string, isOnline: boolean): ((tx: Transaction, id: string) => Promise<unknown>) =>
    (tx, id) =>
      recordFacts(tx, id, { ...IDLE, isOnline, activity: print_status });

  test('new printers begin not ready', async () => {
    expect((await write((tx) => aPrinter(tx))).confirmedReady).toBe(false);
  });

  test.each(['IDLE', 'FINISH', 'FAILED'])('pain-15: is possible while %s', async (activity) => {
    expect(await say(true, {}, showing(activity, true))).toBe(true);
    expect(await say(false, { confirmedReady: true }, showing(activity, true))).toBe(false);
  });

  test('pain-15: is possible offline, whatever was printed last', async () => {
    expect(await say(true, {}, showing('RUNNING', false))).toBe(true);
  });

  test.each(['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'])('is not while %s', async (activity) => {
    expect(await say(true, {}, showing(activity, true))).toBe(false);
  });

  test('is not while our start is out', async () => {
    const out = (tx: Transaction, id: string) => aDispatch(tx, id, { token: tokens++, ...started });
    expect(await say(true, {}, out)).toBe(false);
  });

  test('pain-14: is heard while a file is only being sent', async () => {
    const sending = async (tx: Transaction, id: string) => {
      await aDispatch(tx, id, { token: tokens++, phase: 'transferring' });
      await tx.update(printer, id, { printingJobId: id, isAvailable: false });
    };
    expect(await say(false, { confirmedReady: true }, sending)).toBe(false);
  });
});

test('continuous printing is switched on for a number of jobs, or without end, and off', async () => {
  await write(async (tx) => {
    const { id } = await aPrinter(tx);
    expect(await setContinuousPrint(tx, id, true, 5)).toMatchObject({
      continuousPrint: true,
      fabmaticRemainingJobs: 5,
    });
    expect(await setContinuousPrint(tx, id, true, null)).toMatchObject({ fabmaticRemainingJobs: null });
    expect(await setContinuousPrint(tx, id, false, 7)).toMatchObject({
      continuousPrint: false,
      fabmaticRemainingJobs: null,
    });
  });
});

describe('registering', () => {
  test('a serial is registered once', async () => {
    const row = await write((tx) => aPrinter(tx));
    const again = write(async (tx) => {
      const connection = await connectionBySerial(tx, row.deviceId ?? '');
      if (!connection) throw new Error('The connection is missing');
      return registerPrinter(tx, { ...connection, name: 'twin', modelName: null });
    });
    await expect(again).rejects.toThrow(/registered already/);
  });

  test('the access code is nowhere but in the connection', async () => {
    const row = await write((tx) => aPrinter(tx));
    expect(JSON.stringify(row)).not.toContain('12345678');
  });
});

describe('slots', () => {
  const white: ReportedSlot = {
    amsIndex: 0,
    slotIndex: 0,
    slot: 0,
    loaded: true,
    type: 'PLA',
    color: 'FFFFFFFF',
    identifier: 'GFA00',
    colors: ['FFFFFFFF'],
    tagged: false,
    gramsLeft: null,
  };
  const empty: ReportedSlot = {
    ...white,
    slotIndex: 1,
    slot: 1,
    loaded: false,
    type: '',
    color: '',
    identifier: '',
    colors: [],
  };

  test('follow what the printer reports', async () => {
    await write(async (tx) => {
      const { id } = await aPrinter(tx);
      await syncSlots(tx, id, [white, empty]);
      const [first, second] = await slotsOf(tx, id);
      expect(first).toMatchObject({
        slot: 0,
        materialType: 'PLA',
        expectedData: { color: '#FFFFFFFF', identifier: 'GFA00', type: 'PLA' },
        expectedDataSetAt: tx.now,
      });
      expect(second).toMatchObject({
        slot: 1,
        materialType: null,
        expectedData: null,
        expectedDataSetAt: null,
      });
      await syncSlots(tx, id, [{ ...empty, slotIndex: 0, slot: 0 }]);
      const rest = await slotsOf(tx, id);
      expect(rest).toHaveLength(1);
      expect(rest[0]).toMatchObject({ id: first?.id, expectedData: null, materialType: null });
    });
  });

  test('name material and variant of a spool whose tag says what it is', async () => {
    await write(async (tx) => {
      const { id } = await aPrinter(tx);
      const { storeId } = tx.context;
      const basic = await createEntity(tx, material, {
        name: 'Basic',
        brand: 'A',
        type: 'PLA',
        identifier: 'GFZ77',
      });
      const colours = { two: '#FF0000FF;#00FF00FF', one: '#FF0000FF' };
      for (const [name, color] of Object.entries(colours))
        await createEntity(tx, materialVariant, { name, color, materialId: basic.id, storeId });
      const spool = { ...white, identifier: 'GFZ77', color: 'FF0000FF', colors: ['FF0000FF'], tagged: true };
      const shows = async (slot: Partial<ReportedSlot>) => {
        await syncSlots(tx, id, [{ ...spool, ...slot }]);
        const [row] = await slotsOf(tx, id);
        const variant = row?.variantId ? await tx.get(materialVariant, row.variantId) : null;
        return [row?.materialId === basic.id, variant?.name ?? null, row?.materialType];
      };
      expect(await shows({})).toEqual([true, 'one', 'PLA']);
      expect(await shows({ type: 'PETG', identifier: 'GFZ78' })).toEqual([false, null, 'PETG']);
      expect(await shows({ colors: ['FF0000FF', '00FF00FF'] })).toEqual([true, 'two', 'PLA']);
      expect(await shows({ color: '0000FFFF', colors: ['0000FFFF'] })).toEqual([true, null, 'PLA']);
      expect(await shows({ color: '0000FFFF', identifier: 'GFZ79' })).toEqual([false, null, 'PLA']);
      // Without a tag the printer only repeats what somebody told it.
      expect(await shows({ tagged: false })).toEqual([false, null, 'PLA']);
      // What the farm gets to know later is taken up with the next look.
      expect(await shows({})).toEqual([true, 'one', 'PLA']);
    });
  });

  test('write nothing when nothing has changed', async () => {
    const id = await write(async (tx) => {
      const made = await aPrinter(tx);
      await syncSlots(tx, made.id, [white, empty]);
      return made.id;
    });
    const changes = await write(async (tx) => {
      await syncSlots(tx, id, [white, empty]);
      return tx.changes;
    });
    expect(changes).toEqual([]);
  });
});

describe('printers of the configuration file', () => {
  const listed = (serial: string, changes = {}) => ({
    serial,
    name: 'From the file',
    host: '127.9.1.1',
    mqttPort: 8883,
    ftpPort: 990,
    accessCode: '87654321',
    trust: 'ca' as const,
    modelCode: null,
    ...changes,
  });
  const bySerial = (tx: Transaction, serial: string) => connectionBySerial(tx, serial);

  test('are registered, disabled when they are gone from it, and enabled when they come back', async () => {
    const serial = '01P00A900000001';
    const id = await write(async (tx) => {
      await syncConfiguredPrinters(tx, [listed(serial)]);
      const row = await bySerial(tx, serial);
      expect(row).toMatchObject({ configured: true, active: true, host: '127.9.1.1' });
      const printerId = row?.printerId ?? '';
      expect(await tx.get(printer, printerId)).toMatchObject({
        name: 'From the file',
        confirmedReady: false,
        enabled: true,
      });
      await tx.update(printer, printerId, { name: 'Renamed here', isOnline: true, isAvailable: true });
      return printerId;
    });
    await write(async (tx) => {
      await syncConfiguredPrinters(tx, []);
      expect(await bySerial(tx, serial)).toMatchObject({ configured: false, active: false });
      expect(await tx.get(printer, id)).toMatchObject({
        enabled: false,
        isOnline: false,
        isAvailable: false,
      });
      await syncConfiguredPrinters(tx, [listed(serial, { host: '127.9.1.2' })]);
      expect(await bySerial(tx, serial)).toMatchObject({ configured: true, active: true, host: '127.9.1.2' });
      // The file owns how it is reached, the database what it is called.
      expect(await tx.get(printer, id)).toMatchObject({ enabled: true, name: 'Renamed here' });
    });
  });

  test('do not switch on again what a person has switched off', async () => {
    const serial = '01P00A900000002';
    await write(async (tx) => {
      await syncConfiguredPrinters(tx, [listed(serial)]);
      const printerId = (await bySerial(tx, serial))?.printerId ?? '';
      await tx.update(printer, printerId, { enabled: false });
      await syncConfiguredPrinters(tx, [listed(serial)]);
      expect((await tx.get(printer, printerId)).enabled).toBe(false);
    });
  });

  test('leave printers of the database alone', async () => {
    const row = await write((tx) => aPrinter(tx, { enabled: true }));
    await write(async (tx) => {
      await syncConfiguredPrinters(tx, []);
      expect((await tx.get(printer, row.id)).enabled).toBe(true);
    });
  });
});
