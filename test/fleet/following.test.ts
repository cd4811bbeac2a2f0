import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DiscoveredPrinter, DriverError } from '../../drivers/driver.js';
import type { Transaction } from '../../src/database/transaction.js';
import { connectionOf } from '../../src/domain/printers.js';
import { slotsOf } from '../../src/domain/slots.js';
import { printerConnection } from '../../src/resources/index.js';
import { idleState, type ScriptedSession } from '../dispatch/scripted-driver.js';
import { serialOf, Workshop } from '../dispatch/workshop.js';

let shop: Workshop;
let session: ScriptedSession;
beforeEach(async () => {
  shop = await Workshop.open();
});
afterEach(() => shop.close());

const HOME = '127.9.0.1';
const NEW = '127.9.0.77';
const lost = new DriverError('unreachable', 'nothing listens there');
const impostor = new DriverError('certificate', 'another serial');

async function boot(): Promise<void> {
  await shop.boot({ schedule: false });
  session = shop.session();
}

function announce(host: string): void {
  const seen: DiscoveredPrinter = {
    serial: serialOf(0),
    host,
    mqttPort: null,
    modelCode: 'C12',
    modelName: null,
    name: 'P1S',
    signalDbm: null,
    connect: 'lan',
    bind: 'free',
    firmware: null,
    lastSeenAt: 0,
  };
  shop.fleet.onAnnounced(seen);
}

const host = () => session.targets.at(-1)?.host;
const storedHost = async () => (await shop.write((tx) => connectionOf(tx, shop.printerId))).host;

async function change(patch: { configured?: boolean; host?: string; trust?: 'ca' | 'tofu' | 'insecure' }) {
  await shop.write(async (tx: Transaction) => {
    const { id } = await connectionOf(tx, shop.printerId);
    await tx.update(printerConnection, id, patch);
  });
}

describe('pain-31: a printer at a new address', () => {
  test('is followed when it was lost, and its address kept once it is proved', async () => {
    await boot();
    session.is('offline', lost);
    announce(NEW);
    expect(host()).toBe(NEW);
    expect(await storedHost()).toBe(HOME);
    session.reports(idleState());
    await shop.until(async () => (await storedHost()) === NEW);
  });

  test('is not followed while its session stands', async () => {
    await boot();
    announce(NEW);
    for (const status of ['connecting', 'stale'] as const) {
      session.is(status);
      announce(NEW);
    }
    expect(session.targets).toHaveLength(1);
  });

  test('that another certificate answers at is left again', async () => {
    await boot();
    session.is('offline', lost);
    announce(NEW);
    session.is('refused', impostor);
    expect(session.targets.map((target) => target.host)).toEqual([HOME, NEW, HOME]);
    expect(await storedHost()).toBe(HOME);
  });

  test('that refuses the access code has proved to be the printer', async () => {
    await boot();
    session.is('offline', lost);
    announce(NEW);
    session.is('refused', new DriverError('auth', 'the access code was refused'));
    await shop.until(async () => (await storedHost()) === NEW);
    expect(host()).toBe(NEW);
  });

  test('is kept in memory alone where the configuration file owns the address', async () => {
    await change({ configured: true });
    await boot();
    session.is('offline', lost);
    announce(NEW);
    session.reports(idleState());
    await shop.until(async () => (await shop.printer()).isOnline);
    await shop.fleet.refresh(shop.printerId);
    expect(host()).toBe(NEW);
    expect(await storedHost()).toBe(HOME);
  });

  test('gives way to an address that somebody sets', async () => {
    await boot();
    session.is('offline', lost);
    announce(NEW);
    session.reports(idleState());
    await shop.until(async () => (await storedHost()) === NEW);
    await change({ host: '127.9.0.99' });
    await shop.fleet.refresh(shop.printerId);
    expect(host()).toBe('127.9.0.99');
  });

  test.each(['insecure', 'tofu'] as const)(
    'is not followed with trust "%s", where anybody could ask for the code',
    async (trust) => {
      await change({ trust });
      await boot();
      session.is('offline', lost);
      announce(NEW);
      expect(session.targets).toHaveLength(1);
    },
  );

  test('of a printer that nobody registered is nothing', async () => {
    await boot();
    shop.fleet.onAnnounced({
      serial: '01P00A999999999',
      host: NEW,
      mqttPort: null,
      modelCode: null,
      modelName: null,
      name: 'stranger',
      signalDbm: null,
      connect: null,
      bind: null,
      firmware: null,
      lastSeenAt: 0,
    });
    expect(session.targets).toHaveLength(1);
  });
});

describe('what the fleet writes down', () => {
  test('reports that say nothing new write nothing', async () => {
    await boot();
    await shop.until(async () => {
      const slots = await shop.write((tx) => slotsOf(tx, shop.printerId));
      return (await shop.printer()).isAvailable && slots.length === 2;
    });
    let commits = 0;
    shop.farm.db.feed.on(() => {
      commits += 1;
    });
    for (let i = 0; i < 100; i++) session.reports(idleState());
    await shop.halt();
    expect(commits).toBe(0);
  });

  test('what could not be written is written with the next report, prints that are over too', async () => {
    await boot();
    await shop.until(async () => (await shop.printer()).isOnline);
    await new Promise<void>((resolve) => {
      shop.beforeCommit = () => {
        resolve();
        throw new Error('SQLITE_FULL');
      };
      session.reports(idleState({ activity: 'RUNNING' }, { subtaskId: '77' }));
    });
    shop.beforeCommit = () => {};
    session.reports(idleState({ activity: 'FINISH' }, { subtaskId: '77' }));
    session.reports(idleState({ activity: 'FINISH', upgrading: true }, { subtaskId: '77' }));
    await shop.until(async () => !(await shop.printer()).confirmedReady);
  });

  test('pain-14: a print that ran while the connection was lost leaves the bed in doubt', async () => {
    await boot();
    session.reports(idleState({ activity: 'FINISH' }, { subtaskId: '76' }));
    await shop.until(async () => (await shop.printer()).isOnline);
    await shop.ready();
    session.is('offline', lost);
    session.reports(idleState({ activity: 'FINISH' }, { subtaskId: '77' }));
    await shop.until(async () => !(await shop.printer()).confirmedReady);
  });
});
