import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/contract/time.js';
import type { LivePrinter } from '../../src/fleet/live-printer.js';
import { type PrinterListener, PrinterNews } from '../../src/fleet/printer-news.js';
import { aPrinter } from '../domain/rows.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { printerState } from '../realtime/states.js';

let farm: TestDatabase;
let printerId: string;
let failing: boolean;
let mono: number;
let listener: Partial<PrinterListener>;
let news: PrinterNews;
const errors: string[] = [];

beforeEach(async () => {
  // What a database needs of time stays as it is.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  [failing, mono, listener, errors.length] = [false, 0, {}, 0];
  farm = await testDatabase({
    recorders: [
      async () => {
        if (failing) throw new Error('the card is full');
      },
    ],
  });
  printerId = (await farm.db.write(farm.context, (tx) => aPrinter(tx))).id;
  news = makeNews();
  await news.start();
});
afterEach(async () => {
  await news.stop();
  await farm.close();
  vi.useRealTimers();
});

function makeNews(): PrinterNews {
  return new PrinterNews({
    database: farm.db,
    storeId: farm.storeId,
    fleet: {
      on(given) {
        listener = given;
        return () => {
          listener = {};
        };
      },
    },
    clock: systemClock,
    monotonic: () => mono,
    log: { error: (...said: readonly unknown[]) => void errors.push(String(said.at(-1))) },
  });
}

type Seen = Parameters<PrinterListener['report']>[0];

function seen(status: LivePrinter['connection']['status'], ...codes: readonly string[]): Seen {
  const health = codes.map((code) => ({
    code,
    message: 'It clogged.',
    severity: 'fatal' as const,
    source: 'hms' as const,
    wikiCode: null,
  }));
  return {
    printerId,
    connection: { status, since: 0, error: null },
    report: { receivedAt: 0, activityAt: 0, sequence: 1, complete: true, state: printerState({ health }) },
  };
}

const is = (status: LivePrinter['connection']['status']) => listener.connection?.(seen(status));
const says = (...codes: readonly string[]) => listener.report?.(seen('online', ...codes));

async function pass(ms: number): Promise<void> {
  mono += ms;
  vi.advanceTimersByTime(ms);
  // A write begun is done when another one is.
  await farm.db.write(farm.context, async () => undefined);
}

async function remembered() {
  const [row] = await farm.db.read.selectFrom('printerNews').select(['awaySince', 'health']).execute();
  return row && { away: row.awaySince !== null, health: JSON.parse(row.health).length };
}

describe('what is told of a printer', () => {
  it('is written when it has lasted, and nothing before', async () => {
    is('connecting');
    is('online');
    says();
    await pass(60_000);
    is('offline');
    await pass(9_999);
    is('connecting');
    is('offline');
    expect(await remembered()).toBeUndefined();
    await pass(1);
    expect(await remembered()).toEqual({ away: true, health: 0 });
  });

  it('is told in the end when it could not be written', async () => {
    failing = true;
    is('offline');
    says('0300_8003');
    await pass(10_000);
    await pass(4_000);
    expect(errors).toContain('what became of a printer could not be told');
    expect(await remembered()).toBeUndefined();
    failing = false;
    await pass(10_000);
    expect(await remembered()).toEqual({ away: true, health: 1 });
  });

  it('is nothing from the end of the watch on, and goes on after the next beginning', async () => {
    says('0300_8003');
    await pass(1);
    expect(await remembered()).toEqual({ away: false, health: 1 });
    is('offline');
    await news.stop();
    await pass(60_000);
    expect(await remembered()).toEqual({ away: false, health: 1 });
    const writes: number[] = [];
    const leave = farm.db.feed.on(({ sequence }) => void writes.push(sequence));
    news = makeNews();
    await news.start();
    is('online');
    says('0300_8003');
    await pass(60_000);
    leave();
    expect(writes).toEqual([]);
  });

  it('is nothing of a printer that was removed', async () => {
    is('offline');
    listener.removed?.(printerId);
    await pass(60_000);
    expect(await remembered()).toBeUndefined();
  });
});
