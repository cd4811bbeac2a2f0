import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../src/realtime/pace.js';

let clients = 0;
let told: string[][] = [];
let pace: Pace;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  pace = new Pace({
    tell: (topics) => void told.push([...topics]),
    clients: () => clients,
    now: () => performance.now(),
  });
});
afterEach(() => {
  pace.stop();
  vi.useRealTimers();
});

describe('the pace of states', () => {
  it('tells a few clients each state as it comes', () => {
    clients = 8;
    for (const topic of ['a', 'b', 'a']) pace.changed(topic);
    expect(told).toEqual([['a'], ['b'], ['a']]);
  });

  it('tells many at once after a pause, and then together what came in the meantime, once', async () => {
    clients = 50;
    for (const topic of ['a', 'b', 'c', 'b']) pace.changed(topic);
    expect(told).toEqual([['a']]);
    await vi.advanceTimersByTimeAsync(49);
    expect(told).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([['a'], ['b', 'c']]);
    await vi.advanceTimersByTimeAsync(50);
    pace.changed('d');
    expect(told.at(-1)).toEqual(['d']);
  });

  it('lets nobody wait longer than a tenth of a second, however many there are', async () => {
    clients = 5_000;
    pace.changed('a');
    pace.changed('b');
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toEqual([['a'], ['b']]);
  });

  it('says nothing more when it is stopped', async () => {
    clients = 50;
    pace.changed('a');
    pace.changed('b');
    pace.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([['a']]);
  });
});
