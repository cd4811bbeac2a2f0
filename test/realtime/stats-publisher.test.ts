import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PrinterStatInput } from '../../src/realtime/printer-stat.js';
import { StatsPublisher, type StatsSource } from '../../src/realtime/stats-publisher.js';
import { SILENT_LOG } from './logs.js';
import { printerState, STORE_ID } from './states.js';

interface Sent {
  readonly at: number;
  readonly printerId: string;
  readonly percent: number | undefined;
  readonly isOnline: boolean | undefined;
}

class FakeFleet implements StatsSource {
  readonly stats = new Map<string, PrinterStatInput>();
  private readonly changeListeners = new Set<(printerId: string) => void>();
  private readonly removalListeners = new Set<(printerId: string) => void>();

  get listeners(): number {
    return this.changeListeners.size + this.removalListeners.size;
  }

  printerIds(): Iterable<string> {
    return this.stats.keys();
  }

  stat(printerId: string): PrinterStatInput | null {
    return this.stats.get(printerId) ?? null;
  }

  onChange(listener: (printerId: string) => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  onRemoved(listener: (printerId: string) => void): () => void {
    this.removalListeners.add(listener);
    return () => this.removalListeners.delete(listener);
  }

  set(printerId: string, percent: number, isOnline = true): void {
    const { print } = printerState();
    this.stats.set(printerId, {
      printerId,
      storeId: STORE_ID,
      isOnline,
      isAvailable: false,
      receivedAt: new Date(),
      state: printerState({ print: { ...print, percent } }),
    });
    for (const listener of this.changeListeners) listener(printerId);
  }

  remove(printerId: string): void {
    this.stats.delete(printerId);
    for (const listener of this.removalListeners) listener(printerId);
  }
}

describe('StatsPublisher', () => {
  let fleet: FakeFleet;
  let publisher: StatsPublisher;
  let sent: Sent[];
  let raw: { topic: string; payload: string; options: object }[];

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    fleet = new FakeFleet();
    sent = [];
    raw = [];
    const sink = {
      publishState(topic: string, text: () => string) {
        sink.publish(topic, text(), { retain: true, qos: 0 });
      },
      publish(topic: string, payload: string, options: object) {
        raw.push({ topic, payload, options });
        const stat = payload === '' ? {} : JSON.parse(payload);
        sent.push({
          at: Date.now(),
          printerId: topic.split('/').at(-1) ?? '',
          percent: stat.data?.print?.percent,
          isOnline: stat.isOnline,
        });
      },
    };
    publisher = new StatsPublisher({ source: fleet, sink, now: () => Date.now(), log: SILENT_LOG });
  });

  afterEach(() => {
    publisher.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const times = (printerId: string) => sent.filter((one) => one.printerId === printerId).map((one) => one.at);

  it('publishes what is known at the start, retained, once', () => {
    fleet.set('a', 1);
    publisher.start();
    publisher.start();
    expect(raw).toHaveLength(1);
    expect(raw[0]).toMatchObject({
      topic: `stores/${STORE_ID}/printer-stats/a`,
      options: { retain: true, qos: 0 },
    });
  });

  it('publishes the newest of many changes once a second', () => {
    publisher.start();
    for (let step = 0; step < 30; step++) {
      fleet.set('a', step);
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(2_000);
    expect(sent.map(({ at, percent }) => [at, percent])).toEqual([
      [0, 0],
      [1_000, 9],
      [2_000, 19],
      [3_000, 29],
    ]);
  });

  it('publishes a change after a quiet second at once', () => {
    publisher.start();
    fleet.set('a', 1);
    vi.advanceTimersByTime(1_500);
    fleet.set('a', 2);
    expect(sent.map(({ at, percent }) => [at, percent])).toEqual([
      [0, 1],
      [1_500, 2],
    ]);
  });

  it('tells at once that a printer went offline, and its return within the rate', () => {
    publisher.start();
    fleet.set('a', 1);
    vi.advanceTimersByTime(100);
    fleet.set('a', 1, false);
    vi.advanceTimersByTime(100);
    fleet.set('a', 2, true);
    fleet.set('a', 2, false);
    fleet.set('a', 3, true);
    vi.advanceTimersByTime(3_000);
    expect(sent.map(({ at, isOnline }) => [at, isOnline])).toEqual([
      [0, true],
      [100, false],
      [1_100, true],
    ]);
  });

  it('repeats every printer each 30 seconds since its last message, with a single timer', () => {
    fleet.set('a', 1);
    fleet.set('b', 1);
    publisher.start();
    vi.advanceTimersByTime(10_000);
    fleet.set('b', 2);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(65_000);
    expect(times('a')).toEqual([0, 30_000, 60_000]);
    expect(times('b')).toEqual([0, 10_000, 40_000, 70_000]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('runs no timer while there are no printers', () => {
    publisher.start();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('clears the retained message of a removed printer and forgets it', () => {
    fleet.set('a', 1);
    publisher.start();
    fleet.set('a', 2);
    fleet.remove('a');
    expect(raw.at(-1)).toEqual({
      topic: `stores/${STORE_ID}/printer-stats/a`,
      payload: '',
      options: { retain: true, qos: 0 },
    });
    vi.advanceTimersByTime(60_000);
    expect(raw).toHaveLength(2);
  });

  it('takes a printer that is not known any more for removed', () => {
    fleet.set('a', 1);
    publisher.start();
    fleet.stats.delete('a');
    vi.advanceTimersByTime(60_000);
    expect(raw.map((one) => one.payload === '')).toEqual([false, true]);
  });

  it('is silent after it stops', () => {
    fleet.set('a', 1);
    publisher.start();
    fleet.set('a', 2);
    publisher.stop();
    expect(fleet.listeners).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
  });

  it('goes on with the other printers when one cannot be read', () => {
    fleet.set('a', 1);
    fleet.set('b', 1);
    vi.spyOn(fleet, 'stat').mockImplementationOnce(() => {
      throw new Error('gone');
    });
    publisher.start();
    expect(sent.map((one) => one.printerId)).toEqual(['b']);
    fleet.set('a', 2);
    expect(sent.map((one) => one.printerId)).toEqual(['b', 'a']);
    vi.spyOn(fleet, 'stat').mockImplementationOnce(() => {
      throw new Error('gone');
    });
    vi.advanceTimersByTime(60_000);
    expect(times('b')).toEqual([0, 60_000]);
    expect(times('a')).toEqual([0, 30_000, 60_000]);
  });

  it('keeps to its rate for a whole farm that reports all the time', () => {
    const ids = Array.from({ length: 500 }, (_, at) => `p${at}`);
    publisher.start();
    for (let step = 0; step < 40; step++) {
      for (const id of ids) fleet.set(id, step);
      vi.advanceTimersByTime(250);
    }
    expect(sent.length).toBe(500 * 11);
    expect(vi.getTimerCount()).toBe(1);
  });
});
