import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Figure } from './metrics.js';
import type { LabelValues, Sample, Spreads } from './tally.js';

type Read = () => Iterable<Sample> | Promise<Iterable<Sample>>;

const PREFIX = 'printfarmd_';
/**
 * What the library collects and we do not show: delays of the event loop that hold the time between two looks besides
 * (`LoopDelay` is right), and gauges whose names end like counters'.
 */
const NOT_SHOWN = /^nodejs_(eventloop_lag|active_\w+_total$)/;
/** The library looks after the event loop all the same; this is as seldom as it can. */
const SELDOM_MS = 60_000;
/** Longest wait for one figure, milliseconds: a disk that has gone away must not hold up all the others. */
const READ_MS = 3_000;

interface ExpositionLog {
  warn(fields: object, message: string): void;
}

/** Puts figures into Prometheus' text format, with those of the process beside them. */
export class Exposition {
  readonly #registry = new Registry();
  /** Figures that could not be read lately: told once. */
  readonly #told = new Set<string>();
  /** What is still being read; nothing is asked again before it has answered. */
  readonly #pending = new Set<string>();

  /** @param readMs longest wait for one figure, milliseconds */
  constructor(
    figures: readonly Figure[],
    private readonly log: ExpositionLog,
    private readonly readMs = READ_MS,
  ) {
    for (const figure of figures) this.#register(figure);
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: SELDOM_MS,
    });
    for (const { name } of this.#registry.getMetricsAsArray())
      if (NOT_SHOWN.test(name)) this.#registry.removeSingleMetric(name);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #register(figure: Figure): void {
    const { help, labels } = figure;
    const common = { name: PREFIX + figure.name, help, labelNames: [...labels], registers: [this.#registry] };
    if (figure.type === 'histogram') {
      new SpreadHistogram(common, figure.spreads);
      return;
    }
    const { name, read } = figure;
    const samples = () => this.#samplesOf(name, read);
    if (figure.type === 'gauge') new ReadGauge(common, samples);
    else new ReadCounter(common, samples);
  }

  /** A figure that cannot be read is left out; the others are shown all the same. */
  async #samplesOf(name: string, read: Read): Promise<Iterable<Sample>> {
    try {
      if (this.#pending.has(name)) throw new Error('what was asked before has not answered yet');
      const found = read();
      const samples = found instanceof Promise ? await this.#inTime(name, found) : found;
      this.#told.delete(name);
      return samples;
    } catch (error) {
      if (!this.#told.has(name)) this.log.warn({ err: error, figure: name }, 'a figure could not be read');
      this.#told.add(name);
      return [];
    }
  }

  async #inTime(name: string, found: Promise<Iterable<Sample>>): Promise<Iterable<Sample>> {
    this.#pending.add(name);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`no answer within ${this.readMs} ms`);
      timer = setTimeout(() => reject(error), this.readMs);
    });
    const answer = found.finally(() => this.#pending.delete(name));
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

interface Names {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

// The library's own way, to set values first and read them back, makes a nought of a figure that has no value, and
// hashes the labels of each of a large farm's printers at every scrape.

/** A gauge whose values are looked up when the registry asks for them. */
class ReadGauge extends Gauge<string> {
  constructor(
    private readonly names: Names,
    private readonly samples: () => Promise<Iterable<Sample>>,
  ) {
    super(names);
  }

  async getForPromString(): Promise<unknown> {
    return { ...this.names, type: 'gauge', values: valuesOf(this.names, await this.samples()) };
  }
}

/** The same for what only grows. */
class ReadCounter extends Counter<string> {
  constructor(
    private readonly names: Names,
    private readonly samples: () => Promise<Iterable<Sample>>,
  ) {
    super(names);
  }

  async getForPromString(): Promise<unknown> {
    return { ...this.names, type: 'counter', values: valuesOf(this.names, await this.samples()) };
  }
}

/** A histogram whose values are counted elsewhere, long before this library is loaded. */
class SpreadHistogram extends Histogram<string> {
  constructor(
    private readonly names: Names,
    private readonly spreads: Spreads,
  ) {
    super({ ...names, buckets: [...spreads.bounds] });
  }

  /** What the registry asks a histogram for. */
  async getForPromString(): Promise<unknown> {
    const { name, help, labelNames } = this.names;
    const values = this.spreads.all.flatMap(({ labels, spread }) => {
      const own = named(labelNames, labels);
      let seen = 0;
      const buckets = spread.counts.map((count, at) => {
        seen += count;
        const le: string | number = spread.bounds[at] ?? '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...own, le }, value: seen };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: own, value: spread.sum },
        { metricName: `${name}_count`, labels: own, value: seen },
      ];
    });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

function valuesOf({ labelNames }: Names, samples: Iterable<Sample>) {
  return Array.from(samples, ([labels, value]) => ({ labels: named(labelNames, labels), value }));
}

function named(names: readonly string[], values: LabelValues): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}
