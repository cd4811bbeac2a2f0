import { afterEach, describe, expect, it, vi } from 'vitest';
import { Exposition } from '../../src/telemetry/exposition.js';
import { LoopDelay } from '../../src/telemetry/loop-delay.js';
import { type Figure, Metrics } from '../../src/telemetry/metrics.js';
import { type Sample, Spread } from '../../src/telemetry/tally.js';
import { readPrometheusText } from './prometheus-text.js';

const told: { figure: unknown; message: string }[] = [];
const log = {
  warn: (fields: object, message: string) =>
    void told.push({ figure: 'figure' in fields ? fields.figure : null, message }),
};
afterEach(() => {
  told.length = 0;
});

const gauge = (name: string, read: () => Iterable<Sample> | Promise<Iterable<Sample>>): Figure => ({
  name,
  help: 'What it is.',
  labels: [],
  type: 'gauge',
  read,
});
const valuesIn = async (exposition: Exposition, name: string) =>
  readPrometheusText(await exposition.text())
    .get(`printfarmd_${name}`)
    ?.samples.map(({ value }) => value);

describe('a figure', () => {
  it('without a value has none, and no nought either', async () => {
    const nothing = () => [];
    const exposition = new Exposition(
      [gauge('connected', nothing), { ...gauge('lost_total', nothing), type: 'counter', read: nothing }],
      log,
    );
    expect(await valuesIn(exposition, 'connected')).toEqual([]);
    expect(await valuesIn(exposition, 'lost_total')).toEqual([]);
  });

  it('that cannot be read is left out, told once, and back when it can', async () => {
    let broken = true;
    const disk = gauge('room', async () => {
      if (broken) throw new Error('EIO');
      return [[[], 7]];
    });
    const exposition = new Exposition([disk, gauge('other', () => [[[], 1]])], log);
    expect(await valuesIn(exposition, 'room')).toEqual([]);
    expect(await valuesIn(exposition, 'other')).toEqual([1]);
    expect(told).toEqual([{ figure: 'room', message: 'a figure could not be read' }]);
    broken = false;
    expect(await valuesIn(exposition, 'room')).toEqual([7]);
  });

  it('that does not answer holds up no other, and is not asked again meanwhile', async () => {
    let asked = 0;
    let answer = (_samples: Sample[]): void => undefined;
    const stuck = gauge('room', () => {
      asked++;
      return new Promise<Sample[]>((resolve) => {
        answer = resolve;
      });
    });
    const exposition = new Exposition([stuck, gauge('other', () => [[[], 1]])], log, 5);
    expect(await valuesIn(exposition, 'other')).toEqual([1]);
    expect(await valuesIn(exposition, 'room')).toEqual([]);
    expect(asked).toBe(1);
    expect(told).toHaveLength(1);
    answer([]);
    await valuesIn(exposition, 'other');
    await valuesIn(exposition, 'other');
    expect(asked).toBeGreaterThan(1);
  });
});

describe('counters', () => {
  it('whose words are known stand at 0 before anything is counted', async () => {
    const metrics = new Metrics(log);
    metrics.tally('ended_total', 'What ended.', ['outcome'], ['completed', 'failed']).of('failed').add();
    metrics.histogram('phase_seconds', 'Time in a phase.', ['phase'], [1], ['waiting']);
    const families = readPrometheusText(await metrics.text());
    metrics.stop();
    expect(families.get('printfarmd_ended_total')?.samples.map(({ value }) => value)).toEqual([0, 1]);
    expect(families.get('printfarmd_phase_seconds')?.samples.map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  });
});

describe('the delay of the event loop', () => {
  afterEach(() => void vi.useRealTimers());

  it('is how late it comes, without the time between two looks', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const spread = new Spread([0.05, 0.1, 1]);
    let now = 1_000;
    const delay = new LoopDelay(spread, () => now);
    const passes = (ms: number) => {
      now += ms;
      vi.advanceTimersByTime(20);
    };
    delay.start();
    passes(20);
    passes(20);
    expect(spread.counts).toEqual([2, 0, 0, 0]);
    expect(spread.sum).toBe(0);
    passes(170);
    expect(spread.counts).toEqual([2, 0, 1, 0]);
    expect(spread.sum).toBeCloseTo(0.15);
    // Nothing is late after it.
    passes(20);
    expect(spread.counts).toEqual([3, 0, 1, 0]);
    delay.stop();
    passes(500);
    expect(spread.counts).toEqual([3, 0, 1, 0]);
  });
});
